import assert from "node:assert/strict";
import { isSecretName, shellEnvironment } from "../../../src/terminals/shell-environment.ts";

describe("environment of shells", () => {
  it("knows secrets by their names", () => {
    const secret =
      "OPENAI_API_KEY ANTHROPIC_API_KEY DEEPSEEK_API_KEY GEMINI_API_KEY APIKEY GITHUB_TOKEN GH_TOKEN NPM_TOKEN " +
      "TOKEN HF_TOKEN CLIENT_SECRET AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN SSH_PRIVATE_KEY PGPASSWORD DB_PASSWORD " +
      "openai_api_key OPENAI_KEY AZURE_OPENAI_KEY LLM_KEY ANTHROPIC_KEY OPENAI_API_KEY_2 OPENAI_API_KEY2 GITHUB_PAT " +
      "GITHUB_TOKEN_2 MYSQL_ROOT_PASSWORD PASSWORD_PROD SSH_KEY_PASSPHRASE";
    for (const name of secret.split(" ")) assert.ok(isSecretName(name), name);
    const harmless =
      "PATH HOME MAX_TOKENS TOKENIZERS_PARALLELISM SECRETARY SSH_AUTH_SOCK KEYBOARD EDITOR DATABASE_URL " +
      "SSL_KEY_PATH TLS_KEY_FILE MONKEY PATH_MAP KEYS PATTERN ANSIBLE_VAULT_PASSWORD_FILE PASSWORD_STORE_DIR";
    for (const name of harmless.split(" ")) assert.ok(!isSecretName(name), name);
  });

  it("removes secrets, editor internals and other terminals, and says what terminal this is", () => {
    const env = shellEnvironment({
      PATH: "/bin",
      HOME: "/home/me",
      OPENAI_API_KEY: "sk",
      GITHUB_TOKEN: "gh",
      ELECTRON_RUN_AS_NODE: "1",
      VSCODE_IPC_HOOK: "/run/x",
      VSCODE_GIT_ASKPASS_NODE: "/node",
      VSCODE_NLS_CONFIG: "{}",
      NODE_OPTIONS: "--require /vscode/bootloader.js --inspect-publish-uid=http",
      TMUX: "/tmp/tmux",
      COLUMNS: "80",
      PROMPT_COMMAND: "evil",
      NOTHING: undefined,
      TERM: "dumb",
    });
    assert.deepEqual(env, {
      PATH: "/bin",
      HOME: "/home/me",
      TERM: "xterm-256color",
      COLORTERM: "truecolor",
      TERM_PROGRAM: "codepilot",
      CODEPILOT: "1",
    });
  });

  it("removes what is known to hold a key, whatever its name, unless the person keeps it", () => {
    const base = { PATH: "/bin", MY_MODEL_LOGIN: "sk", My_Other: "sk", KEPT_LOGIN: "sk" };
    const env = shellEnvironment(base, { secrets: ["MY_MODEL_LOGIN", "MY_OTHER", "KEPT_LOGIN"], keep: ["KEPT_LOGIN"] });
    assert.deepEqual(
      [env.PATH, env.MY_MODEL_LOGIN, env.My_Other, env.KEPT_LOGIN],
      ["/bin", undefined, undefined, "sk"],
    );
  });

  it("keeps what the person configured", () => {
    const env = shellEnvironment(
      { GITHUB_TOKEN: "gh", NPM_TOKEN: "n", NODE_OPTIONS: "--max-old-space-size=4096" },
      { keep: ["GITHUB_TOKEN"], extra: { TERM: "xterm", EXTRA: "1" } },
    );
    assert.equal(env.GITHUB_TOKEN, "gh");
    assert.equal(env.NPM_TOKEN, undefined);
    assert.equal(env.NODE_OPTIONS, "--max-old-space-size=4096");
    assert.equal(env.TERM, "xterm");
    assert.equal(env.EXTRA, "1");
  });
});
