"use strict";
const ts = require("@tslab/typescript-for-tslab");

/** Longest wait of a cell for its figures' pictures. */
const MOST_WAIT_MS = 30_000;

/** The messages that Jupyter expects and stock tslab does not send, or sends under a wrong name. */
function install() {
  const { JupyterHandlerImpl, ZmqServer } = require("tslab/dist/jupyter.js");
  const handleKernel = JupyterHandlerImpl.prototype.handleKernel;

  JupyterHandlerImpl.prototype.handleKernel = function () {
    const info = handleKernel.call(this);
    return { status: "ok", ...info, language_info: { ...info.language_info, version: ts.version } };
  };

  // adds `execute_input` (execution counts in saved notebooks) and `error`
  ZmqServer.prototype.handleExecute = async function (socket, message) {
    const publish = (type, content) => send(message, type, content, this.connInfo.key, this.iopub);
    publish("execute_input", {
      code: message.content.code,
      execution_count: (this.handler.execCount ?? 0) + 1,
    });
    const content = await this.handler.handleExecute(
      message.content,
      (name, text) => publish("stream", { name, text }),
      (data, update) => publish(update ? "update_display_data" : "display_data", data),
    );
    if (content.status === "error") {
      const { ename, evalue, traceback } = content;
      publish("error", { ename, evalue, traceback });
    }
    send(message, "execute_reply", content, this.connInfo.key, socket);
  };

  ZmqServer.prototype.handleCommInfoRequest = function (socket, message) {
    send(message, "comm_info_reply", { status: "ok", comms: {} }, this.connInfo.key, socket);
  };
}

/**
 * What lib/reporting shows results with: one output in several MIME types, under the cell that ran last. An output with an
 * id can be replaced (its picture is drawn while the cell goes on), and a cell ends when all that it waits for has.
 */
function offerDisplay() {
  const jupyter = require("tslab/dist/jupyter.js");
  globalThis.__qdrlDisplay = (bundle, { id, update = false } = {}) => {
    const transient = id === undefined ? {} : { display_id: id };
    jupyter.lastWriteDisplayData?.({ data: bundle, metadata: {}, transient }, update);
  };
  const waiting = new Set();
  globalThis.__qdrlWaitFor = (work) => {
    const shown = work.catch((error) => console.error(`a figure's picture is missing: ${error.message}`));
    waiting.add(shown);
    shown.finally(() => waiting.delete(shown));
  };
  const { prototype } = jupyter.JupyterHandlerImpl;
  const { handleExecuteImpl } = prototype;
  prototype.handleExecuteImpl = async function (...args) {
    try {
      return await handleExecuteImpl.apply(this, args);
    } finally {
      await Promise.race([
        Promise.allSettled(waiting),
        new Promise((done) => setTimeout(done, MOST_WAIT_MS).unref()),
      ]);
    }
  };
}

function send(message, type, content, key, socket) {
  const reply = message.createReply();
  reply.header.msg_type = type;
  reply.content = content;
  reply.signAndSend(key, socket);
}

module.exports = { install, offerDisplay };
