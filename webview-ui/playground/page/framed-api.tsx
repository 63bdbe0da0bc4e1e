/** In the framed panel, before its own script: takes the place of VS Code and passes on to the window around it. */
let kept: unknown;

Object.assign(globalThis, {
  acquireVsCodeApi: () => ({
    postMessage: (message: unknown) => window.parent.postMessage(message, "*"),
    getState: () => kept,
    setState: (state: unknown) => {
      kept = state;
    },
  }),
});
