// Runs in the page of `qdrl label`: logs in where a token is needed, then labels.
import { askServer, LabelRefusal } from "./label-server.js";
import type { LabelState } from "./label-shapes.js";
import { LabelView } from "./label-view.js";

const status = document.getElementById("status")!;
const login = document.getElementById("login") as HTMLFormElement;
const root = document.getElementById("labelling")!;

login.addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = (document.getElementById("token") as HTMLInputElement).value;
  try {
    await askServer("/login", { token });
    login.hidden = true;
    await begin();
  } catch (error) {
    status.textContent = (error as Error).message;
  }
});

async function begin(): Promise<void> {
  try {
    const state = await askServer<LabelState>("/state");
    root.hidden = false;
    new LabelView(root, status, state);
    document.documentElement.dataset["live"] = "ready";
  } catch (error) {
    if (error instanceof LabelRefusal && error.status === 401) login.hidden = false;
    else status.textContent = "The server does not answer.";
  }
}

void begin();
