/** What happens when somebody writes a message into a playground scene. */
import type { Stage } from "../stage.ts";

export async function freeTurn(stage: Stage, text: string): Promise<void> {
  const { script } = stage;
  script.turn(text);
  stage.send();
  await stage.sleep(900);
  if (stage.stopped()) return;
  await stage.stream("There is no model behind the playground. This is what an answer looks like while it streams.");
  if (stage.stopped()) return;
  script.response();
  script.end("completed", 1, 1_900);
  stage.send();
}
