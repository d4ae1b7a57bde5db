import fs from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { buildEmoji } from "../../datasets/emoji/build-emoji.js";
import { readManifest } from "../../datasets/manifest.js";
import { plainTable } from "../../reporting/table.js";
import { tableTerminal } from "../../reporting/table-terminal.js";
import { TerminalListener } from "../terminal.js";
