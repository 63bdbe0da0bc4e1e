/** All scenes of the playground by name. */
import type { Scene } from "../stage.ts";
import { permissionCommand, permissionWrite, question } from "./asking.scene.ts";
import {
  colours,
  commandBackground,
  commandEnds,
  commandFlood,
  commandInProgram,
  commandOdd,
  commandRunning,
} from "./commands.scene.ts";
import { archived, demo, empty, emptyNoFolder, emptyWithNotice, emptyWithoutKey } from "./empty.scene.ts";
import { errorAuth, errorNetwork, failedRequest, interrupted, limit, retrying } from "./ends.scene.ts";
import { floods } from "./floods.scene.ts";
import { long, longAnswer, longTurn } from "./long.scene.ts";
import {
  programDone,
  programEnds,
  programFailed,
  programMany,
  programPayload,
  programRunning,
  programStreaming,
  programThousand,
} from "./program.scene.ts";
import { queued, queueHeld } from "./queue.scene.ts";
import { finished, streaming } from "./streaming.scene.ts";
import { tools } from "./tools.scene.ts";

export const scenes: Record<string, Scene> = {
  empty,
  "empty-without-key": emptyWithoutKey,
  "empty-no-folder": emptyNoFolder,
  "empty-with-notice": emptyWithNotice,
  archived,
  demo,
  streaming,
  finished,
  "permission-command": permissionCommand,
  "permission-write": permissionWrite,
  question,
  tools,
  "error-auth": errorAuth,
  "error-network": errorNetwork,
  retrying,
  limit,
  failed: failedRequest,
  interrupted,
  queued,
  "queue-held": queueHeld,
  long,
  "long-answer": longAnswer,
  "long-turn": longTurn,
  floods,
  "command-running": commandRunning,
  "command-background": commandBackground,
  "command-ends": commandEnds,
  "command-odd": commandOdd,
  "command-flood": commandFlood,
  "command-in-program": commandInProgram,
  "command-colours": colours,
  "program-running": programRunning,
  "program-failed": programFailed,
  "program-done": programDone,
  "program-ends": programEnds,
  "program-many": programMany,
  "program-payload": programPayload,
  "program-streaming": programStreaming,
  "program-thousand": programThousand,
};
