// The Jupyter kernel of every notebook: tslab, started from the root of the workspace, with what it lacks added
// from outside (node_modules stays as it is). .jupyter/kernels/tslab/kernel.json names this file.
//   node tools/tslab-kernel.cjs CONNECTION_FILE
"use strict";
const path = require("node:path");

// tslab refuses .ts files outside its working folder, and Jupyter starts kernels in the notebook's folder.
// From the root, every notebook imports "./lib/...", and paths in lib are relative to the root.
const root = path.resolve(__dirname, "..");
process.chdir(root);

require("./kernel/compiler-options.cjs").install(root); // before tslab's converter is loaded
require("./kernel/cell-source.cjs").install();
const errors = require("./kernel/error-messages.cjs");
errors.install(root);
const protocol = require("./kernel/protocol.cjs");
protocol.install();
protocol.offerDisplay();

const { createConverter } = require("tslab/dist/converter.js");
const { createExecutor } = require("tslab/dist/executor.js");
const { JupyterHandlerImpl, ZmqServer } = require("tslab/dist/jupyter.js");

const node = createConverter({ isJS: false, isBrowser: false });
const converters = { node, browser: null, close: () => node.close() };
const executor = createExecutor(root, converters, errors.executorConsole);
require("./kernel/interrupt.cjs").install(executor);
require("./kernel/late-errors.cjs").install(process.env.QDRL_STRICT_KERNEL === "1", executor.interrupt);
new ZmqServer(new JupyterHandlerImpl(executor, false), process.argv[2]).init();
