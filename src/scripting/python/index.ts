/** Python behind the port of script engines. On Node: `createNodePythonEngine` in `src/node/script-host`. */
export { createPythonEngine, type PythonEngineOptions, type PythonFiles } from "./engine.ts";
