/** The pending request of a call: the same record which the modal shows. Answered by whoever is first. */
import { useState } from "react";
import type { Access, PermissionRequest } from "../../../src/protocol/permissions.ts";
import { type ToolView, visibleKeys } from "../logic/tool-view.ts";
import { usePanel } from "../store.ts";
import { DiffView } from "./diff-view.tsx";
import { Icon } from "./icon.tsx";
import { TextField } from "./text-field.tsx";

export function PermissionCard({ request, view }: { request: PermissionRequest; view: ToolView }) {
  const panel = usePanel();
  const [noting, setNoting] = useState(false);
  const answer = (decision: "allowed" | "denied", scope: "once" | "session", note = ""): void => {
    panel.op({
      type: "permission.answer",
      permissionId: request.permissionId,
      decision,
      scope,
      ...(note === "" ? {} : { note }),
    });
    panel.focusComposer();
  };
  const headingId = `ask-${request.permissionId}`;
  const { access, sessionKey, sessionLabel } = request;
  return (
    <fieldset className="ask" aria-labelledby={headingId}>
      <h3 id={headingId}>{headings[access.kind]}</h3>
      <Subject access={access} view={view} permissionId={request.permissionId} />
      <p className="reason">
        <Icon name="info" />
        <span>Asked because {request.reason.replace(/\.$/, "")}.</span>
      </p>
      <div className="buttons">
        <button type="button" className="button" onClick={() => answer("allowed", "once")}>
          Allow once
        </button>
        {sessionKey !== null && (
          <button
            type="button"
            className="button secondary"
            title={sessionLabel === null ? undefined : `Remembers: ${sessionLabel}`}
            onClick={() => answer("allowed", "session")}
          >
            Allow in this session
          </button>
        )}
        <button type="button" className="button secondary" onClick={() => answer("denied", "once")}>
          Deny
        </button>
        {!noting && (
          <button type="button" className="button quiet" onClick={() => setNoting(true)}>
            Deny with a note…
          </button>
        )}
      </div>
      {noting && (
        <TextField
          label="Note to the model"
          placeholder="What should it do instead?"
          submitLabel="Deny"
          autoFocus
          optional
          onSubmit={(note) => answer("denied", "once", note)}
          onCancel={() => setNoting(false)}
        />
      )}
      {sessionKey !== null && sessionLabel !== null && (
        <p className="meta">
          “In this session” remembers <code>{sessionLabel}</code> until the session is closed.
        </p>
      )}
    </fieldset>
  );
}

const headings: Record<Access["kind"], string> = {
  none: "Allow this call?",
  read: "Read this file?",
  write: "Make this change?",
  execute: "Run this command?",
  input: "Type this into the terminal?",
  terminate: "End this terminal?",
};

function Subject({ access, view, permissionId }: { access: Access; view: ToolView; permissionId: string }) {
  switch (access.kind) {
    case "none":
      return null;
    case "read":
      return <Facts path={access.path} outside={!access.insideWorkspace} />;
    case "write":
      return (
        <>
          <Facts path={access.path} outside={!access.insideWorkspace} />
          {access.unread && (
            <p className="reason warning">
              <Icon name="warning" />
              <span>This file exists and was not read in this session: its content would be replaced unseen.</span>
            </p>
          )}
          <DiffView
            diff={access.diff}
            label={`Proposed changes of ${view.target}`}
            truncated={false}
            rowKey={`${permissionId}:diff`}
            foldedLines={24}
          />
        </>
      );
    case "execute":
      return (
        <>
          <pre className="command">
            <code>{access.command}</code>
          </pre>
          <p className="meta">
            in <code>{access.cwd}</code>, terminal <code>{access.terminal}</code>
            {access.waitsFor !== undefined && `, waits for ${access.waitsFor}`}
            {access.keep && ", goes on when the session ends"}
          </p>
        </>
      );
    case "input":
      return (
        <>
          <pre className="command">
            <code>{visibleKeys(access.text)}</code>
          </pre>
          <p className="meta">
            terminal <code>{access.terminal}</code>
            {access.running !== null && (
              <>
                , where <code>{access.running}</code> is running
              </>
            )}
          </p>
        </>
      );
    case "terminate":
      return (
        <p className="meta">
          terminal <code>{access.terminal}</code>, opened by {access.createdBy === "agent" ? "the agent" : "you"}
        </p>
      );
  }
}

function Facts({ path, outside }: { path: string; outside: boolean }) {
  return (
    <p className="meta">
      <code>{path}</code>
      {outside && <strong className="outside"> outside the workspace</strong>}
    </p>
  );
}
