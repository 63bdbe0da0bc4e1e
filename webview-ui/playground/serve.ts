/** `npm run playground [-- --port N]`: the panel in a browser, rebuilt when its source changes. */
import { startPlayground } from "./server.ts";

const at = process.argv.indexOf("--port");
const playground = await startPlayground({ port: at > 0 ? Number(process.argv[at + 1]) : 5199, watch: true });
console.log(`Playground: ${playground.url}  (Ctrl-C ends it)`);
process.once("SIGINT", () => void playground.close().then(() => process.exit(0)));
