"use strict";
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

const MOST_ENTRIES = 4000;
/** From so many files on, kernels compile one after the other: the next then finds them in the cache. */
const MANY_FILES = 100;
const LONGEST_WAIT_MS = 180_000;

/**
 * Keeps what became of each file of lib on disk, so that a kernel does not type-check and compile the whole library
 * again in its first importing cell. An entry stands for a file that had no type error; its name is the hash of that
 * file, of all files that it reaches through imports, of the compiler's version and options, and of the installed
 * packages. So a changed file, or one whose imports changed, is checked anew; cells always are.
 */
class CompileCache {
  /**
   * @param {typeof import("typescript")} ts
   * @param {{folder: string, root: string, environment: string}} options  environment: what else compiled code depends on
   */
  constructor(ts, { folder, root, environment }) {
    this.ts = ts;
    this.folder = folder;
    this.root = root;
    this.environment = environment;
    this.builder = null;
    this.names = new Map(); // of this builder's files: file name -> entry's name
    this.hashes = new WeakMap(); // source file -> hash of its text
    this.known = new Set(); // entries seen to be whole
    this.emitted = null; // the file of lib that is on its way through emit and transpile
    fs.mkdirSync(folder, { recursive: true });
    if (fs.readdirSync(folder).length > MOST_ENTRIES) {
      fs.rmSync(folder, { recursive: true });
      fs.mkdirSync(folder);
    }
  }

  /** Makes a new builder of the watched program emit from the cache where it can. */
  watch(builder) {
    this.builder = builder;
    this.names.clear();
    const emit = builder.emit.bind(builder);
    builder.emit = (file, write, ...rest) => {
      this.emitted = null;
      if (!this.isLibrary(file)) return emit(file, write, ...rest);
      const found = this.read(file);
      if (found) {
        this.emitted = { code: found.code };
        write(path.join(this.root, found.output), found.code);
        return { emitSkipped: false, diagnostics: [], emittedFiles: undefined };
      }
      const writeAndRemember = (name, text, ...more) => {
        if (name.endsWith(".js")) this.emitted = { text, output: path.relative(this.root, name), file };
        write(name, text, ...more);
      };
      return emit(file, writeAndRemember, ...rest);
    };
    return builder;
  }

  /** Of a cell and the files that it imports, those whose types are still to be checked. */
  unchecked(files) {
    const missing = () => files.filter((file) => !this.isLibrary(file) || !this.has(file));
    const first = missing();
    if (first.length < MANY_FILES) return first;
    this.waitForTurn();
    return missing();
  }

  /**
   * Several kernels that start on an empty cache would each compile all of lib at the same time. This one waits (as the
   * compiler does, without the event loop) while another compiles, then has the turn until the cell is converted.
   */
  waitForTurn() {
    const lock = path.join(this.folder, "compiling");
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    for (const began = Date.now(); Date.now() - began < LONGEST_WAIT_MS; Atomics.wait(sleeper, 0, 0, 200)) {
      try {
        fs.writeFileSync(lock, String(process.pid), { flag: "wx" });
        setImmediate(() => fs.rmSync(lock, { force: true }));
        return;
      } catch (error) {
        if (error.code !== "EEXIST") return; // cannot be written: every kernel for itself
        if (!isRunning(readIfThere(lock))) fs.rmSync(lock, { force: true });
      }
    }
  }

  /** The module format of Node for what emit just handed out. */
  transpile(text, transpile) {
    const { emitted } = this;
    this.emitted = null;
    if (emitted?.code === text) return { outputText: text };
    const result = transpile();
    if (emitted?.text === text) this.write(emitted.file, { output: emitted.output, code: result.outputText });
    return result;
  }

  isLibrary(file) {
    return file?.fileName.startsWith(`${this.root}/lib/`) === true;
  }

  has(file) {
    const entry = this.entry(file);
    if (!this.known.has(entry) && this.read(file) !== null) this.known.add(entry);
    return this.known.has(entry);
  }

  read(file) {
    try {
      const [sum, body] = splitOnce(fs.readFileSync(this.entry(file), "utf8"), "\n");
      return sha256(body) === sum ? JSON.parse(body) : null;
    } catch (error) {
      if (error.code === "ENOENT") return null;
      throw error;
    }
  }

  /** Called when a cell and all that it imports had no error; a folder that cannot be written costs time only. */
  write(file, content) {
    const body = JSON.stringify(content);
    const temporary = path.join(this.folder, `${process.pid}.tmp`);
    try {
      fs.writeFileSync(temporary, `${sha256(body)}\n${body}`);
      fs.renameSync(temporary, this.entry(file));
    } catch {
      fs.rmSync(temporary, { force: true });
    }
  }

  entry(file) {
    let name = this.names.get(file.fileName);
    if (name === undefined) {
      const reached = this.builder
        .getAllDependencies(file)
        .filter((dependency) => !dependency.includes("/node_modules/"))
        .sort();
      const parts = reached.map(
        (dependency) => `${path.relative(this.root, dependency)} ${this.hash(dependency)}`,
      );
      name = sha256([this.environment, path.relative(this.root, file.fileName), ...parts].join("\n"));
      this.names.set(file.fileName, name);
    }
    return path.join(this.folder, name);
  }

  hash(fileName) {
    const file = this.builder.getSourceFile(fileName);
    if (!file) return "none"; // a JSON file is listed with its text, a built-in library is part of the compiler
    let hash = this.hashes.get(file);
    if (hash === undefined) this.hashes.set(file, (hash = sha256(file.text)));
    return hash;
  }
}

/**
 * The cache of a workspace, or null where it is not known which packages are installed.
 *
 * @param {string} root
 */
function openCompileCache(ts, root, options) {
  const installed = path.join(root, "node_modules/.package-lock.json");
  if (!fs.existsSync(installed)) return null;
  const environment = sha256(
    [
      ts.version,
      JSON.stringify(options).replaceAll(root, ""),
      fs.readFileSync(installed, "utf8"),
      fs.readFileSync(__filename, "utf8"),
    ].join("\n"),
  );
  return new CompileCache(ts, {
    folder: path.join(root, "node_modules/.cache/qdrl/cells"),
    root,
    environment,
  });
}

/** Whether a process of this id is there; an empty text is one that is just being written. */
function isRunning(pid) {
  if (pid === null || pid === "") return true;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function readIfThere(file) {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return null;
  }
}

function sha256(text) {
  return createHash("sha256").update(text).digest("hex");
}

function splitOnce(text, separator) {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + 1)];
}

module.exports = { CompileCache, openCompileCache };
