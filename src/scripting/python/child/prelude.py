"""The Python side of the engine, imported as `_codepilot` before the memory snapshot is made.

It serves commands of the parent process through one device and is no boundary: a program may change all of it, and
then harms itself only. What the programs of a model see: the tools as functions, `gather`, `ToolText`, `ToolError`
and its kinds, WORK_DIR, and a clock, random numbers and hashes that are the same whenever the task is run again.
"""

import ast, asyncio, base64, bisect, builtins, calendar, collections, contextlib, copy, csv, dataclasses, datetime  # noqa
import decimal, difflib, enum, errno, fnmatch, fractions, functools, gc, glob, hashlib, heapq, html, inspect, io  # noqa
import itertools, json, keyword, linecache, logging, math, operator, os, pathlib, pprint, random, re, secrets, shlex  # noqa
import statistics, string, sys, tempfile, textwrap, time, tokenize, traceback, types, typing, unicodedata  # noqa
import urllib.parse, uuid, warnings, zlib  # noqa

FILE = "<codepilot-control-block>"
PRINT_LIMIT = 1_000_000
BATCH = 4_096
MESSAGE_LIMIT = 16_000_000
TRACEBACK_LIMIT = 8_000
NESTING_LIMIT = 64
CALL_LIMIT = 1_000

# Kept apart from what a program may put in their places.
_write, _read, _frame = os.write, os.read, sys._getframe
_encode = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode
_decode = json.JSONDecoder().decode
_real_open, _real_run = io.open, asyncio.run
_device = -1


class ToolError(Exception):
    """A tool could not do what was asked. Its text says why and what to do next."""


class PermissionDenied(ToolError):
    """The person, or a rule, did not allow the call."""


class PayloadError(ToolError):
    """A payload block that was asked for is missing or can not be used."""


class CallLimitReached(ToolError):
    """The block has made as many calls as it may."""


class ToolText(str):
    """What a tool returns: its text as an ordinary string, with its details as attributes."""


_errors = {kind.__name__: kind for kind in (ToolError, PermissionDenied, PayloadError, CallLimitReached)}


# --- messages -------------------------------------------------------------------------------------------------------


def _post(message):
    _write(_device, b"p" + _encode(message).encode("ascii"))


def _receive():
    size = int(_read(_device, 10))
    parts = []
    while size > 0:
        part = _read(_device, size)
        parts.append(part)
        size -= len(part)
    return _decode(b"".join(parts).decode("ascii"))


def _ask(message):
    _write(_device, b"a" + _encode(message).encode("ascii"))
    return _receive()


def _next():
    _write(_device, b"n")
    return _receive()


# --- where a statement stands ---------------------------------------------------------------------------------------


class _Block:
    """A block's source and its code objects, so that frames of earlier blocks are told from those of this one."""

    def __init__(self, number, source, code):
        self.number = number
        self.lines = source.splitlines()
        self.codes = {}
        todo = [code]
        while todo:
            code = todo.pop()
            self.codes[id(code)] = code
            todo += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]


_blocks = []


def _block_of(code):
    if code.co_filename == FILE:
        for block in reversed(_blocks):
            if id(code) in block.codes:
                return block
    return None


def _line():
    """Line of the innermost statement of the running block."""
    frame = _frame(1)
    current = _blocks[-1].codes if _blocks else {}
    while frame is not None:
        if id(frame.f_code) in current:
            return frame.f_lineno
        frame = frame.f_back
    return None


# --- print ----------------------------------------------------------------------------------------------------------


class _Printed:
    def __init__(self):
        self.pending, self.size, self.total, self.dropped = [], 0, 0, 0

    def add(self, text):
        room = PRINT_LIMIT - self.total
        if len(text) > room:
            self.dropped += len(text) - room
            text = text[:room]
        if not text:
            return
        self.total += len(text)
        self.size += len(text)
        line = _line()
        if self.pending and self.pending[-1][1] == line:
            self.pending[-1][0] += text
        else:
            self.pending.append([text, line])
        if text[-1] == "\n" or self.size >= BATCH:
            self.flush()

    def flush(self):
        if self.pending:
            pending, self.pending, self.size = self.pending, [], 0
            _post({"t": "print", "parts": pending})

    def end(self):
        if self.dropped:
            self.pending.append([f"\n[{self.dropped} more characters were printed and dropped]\n", None])
        self.flush()
        self.total = self.dropped = 0


_printed = _Printed()


class _Binary(io.RawIOBase):
    def writable(self):
        return True

    def write(self, data):
        _printed.add(bytes(data).decode("utf-8", "backslashreplace"))
        return len(data)


class _Output(io.TextIOBase):
    """sys.stdout and sys.stderr: one stream, in order with the calls."""

    encoding, errors, line_buffering = "utf-8", "backslashreplace", True

    def __init__(self, name):
        self.name, self.mode, self.buffer = name, "w", _Binary()

    def writable(self):
        return True

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        _printed.add(str.__str__(text))
        return len(text)

    def flush(self):
        _printed.flush()

    def close(self):
        pass


# --- tools ----------------------------------------------------------------------------------------------------------


def _json(value, where, depth=0):
    """A copy of a value that is JSON, with tuples, sets and paths as lists and strings."""
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        number = int(value)
        if abs(number) > 2**53:
            raise TypeError(f"{where} is too large a number; pass it as a string")
        return number
    if isinstance(value, float):
        if not math.isfinite(value):
            raise TypeError(f"{where} must be a finite number, not {value!r}")
        return float(value)
    if isinstance(value, pathlib.PurePath):
        return str(value)
    if depth >= NESTING_LIMIT:
        raise TypeError(f"{where} is nested too deeply")
    if isinstance(value, (list, tuple, set, frozenset, range, collections.deque, collections.abc.MappingView)):
        return [_json(item, where, depth + 1) for item in value]
    if isinstance(value, collections.abc.Mapping):
        plain = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"{where} has a key of type {type(key).__name__}; keys must be strings")
            plain[str.__str__(key)] = _json(item, where, depth + 1)
        return plain
    hint = "; decode it first" if isinstance(value, (bytes, bytearray, memoryview)) else ""
    raise TypeError(f"{where} must be text, numbers, lists, dicts or None, not {type(value).__name__}{hint}")


def _call_of(name, defaults, values):
    arguments = {}
    for key, value in values.items():
        if value is _missing:
            raise TypeError(f"{name}() missing 1 required argument: '{key}'")
        if value is None and key in defaults and defaults[key] is None:
            continue
        arguments[key] = _json(value, f"{name}() argument '{key}'")
    return {"tool": name, "arguments": arguments, "line": _line()}


def _exchange(calls):
    message = {"t": "call", "calls": calls}
    size = len(_encode(message))
    if size > MESSAGE_LIMIT:
        raise ValueError(f"the arguments are too long: {size} bytes; a call may have {MESSAGE_LIMIT}")
    _printed.flush()
    return [_result(reply) for reply in _ask(message)["replies"]]


def _result(reply):
    made = ToolText(reply["text"]) if reply["kind"] == "returned" else _errors[reply["exception"]](reply["text"])
    for key, value in reply["attributes"].items():
        setattr(made, key, value)
    return made


def _returned(result):
    if isinstance(result, ToolError):
        raise result from None
    return result


class _Missing:
    def __repr__(self):
        return "<required>"


_missing = _Missing()
_binders = {}


def _tool(spec):
    """An ordinary function with the tool's signature; its twin in `_binders` only makes the call's description."""
    name, parts, defaults, optional = spec["name"], [], {}, False
    for parameter in spec["parameters"]:
        key = parameter["name"]
        if "default" in parameter:
            defaults[key], optional = parameter["default"], True
            parts.append(f"{key}=_defaults[{key!r}]")
        else:
            parts.append(f"{key}=_missing" if optional else key)
    pairs = [f"{p['name']!r}: {p['name']}" for p in spec["parameters"]]
    if spec.get("passesUnknown"):
        parts.append("**_others")
        pairs.append("**_others")
    values = "{" + ", ".join(pairs) + "}"
    source = (
        f"def make(_defaults, _missing, _call_of, _exchange, _returned):\n"
        f"    def {name}({', '.join(parts)}):\n        return _call_of({name!r}, _defaults, {values})\n"
        f"    _bind = {name}\n"
        f"    def {name}({', '.join(parts)}):\n"
        f"        return _returned(_exchange([_call_of({name!r}, _defaults, {values})])[0])\n"
        f"    return _bind, {name}\n"
    )
    scope = {"__name__": "codepilot"}
    exec(compile(source, "<codepilot-tools>", "exec"), scope)
    bind, function = scope["make"](defaults, _missing, _call_of, _exchange, _returned)
    function.__doc__ = spec["doc"]
    function.__qualname__ = bind.__qualname__ = name
    _binders[function] = bind
    return function


def gather(calls, return_exceptions=False):
    """Makes several calls at once: gather([(read_file, "a.py"), (find, "x", {"max_results": 5})]).

    Each call is a tuple of a tool, its positional arguments and, last, a dict of keyword arguments. All are made, in
    this order, and all are waited for; then the first ToolError is raised, or with return_exceptions is an item.
    """
    described = []
    for number, call in enumerate(calls):
        # The other side would take a message with more for no message at all.
        if number >= CALL_LIMIT:
            raise CallLimitReached(
                f"One block may make {CALL_LIMIT} calls. Nothing was done. Go on in a further block, and do more with each call."
            )
        call = call if isinstance(call, (tuple, list)) else (call,)
        if not call or not callable(call[0]) or call[0] not in _binders:
            raise TypeError(f"gather() item {number} must be a tuple that starts with a tool: (read_file, 'a.py')")
        function, *positional = call
        named = positional.pop() if positional and isinstance(positional[-1], dict) else {}
        described.append(_binders[function](*positional, **named))
    results = _exchange(described) if described else []
    if not return_exceptions:
        for result in results:
            _returned(result)
    return results


# --- time, input, files ---------------------------------------------------------------------------------------------


def sleep(seconds):
    """Waits. The sleeps of a block have a limit together; tools that wait for something are the better way."""
    if isinstance(seconds, (str, bytes)) or not hasattr(type(seconds), "__float__") and not hasattr(type(seconds), "__index__"):
        raise TypeError(f"'{type(seconds).__name__}' object cannot be interpreted as an integer or float")
    seconds = float(seconds)
    if seconds != seconds:
        raise ValueError("Invalid value NaN (not a number)")
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    _printed.flush()
    problem = _ask({"t": "sleep", "ms": min(seconds * 1000, 1e12)})["problem"]
    if problem is not None:
        raise TimeoutError(problem)


class _Selector:
    def select(self, timeout):
        if timeout is None:
            raise RuntimeError("the event loop waits for something that can not happen here")
        if timeout > 0:
            sleep(timeout)
        return []

    def close(self):
        pass


class _EventLoop(asyncio.BaseEventLoop):
    """Enough for asyncio.run: tasks and sleeps; there is nothing else to wait for."""

    def __init__(self):
        super().__init__()
        self._selector = _Selector()

    def _process_events(self, events):
        pass

    def _write_to_self(self):
        pass


def _run_async(main, *, debug=None, loop_factory=None):
    running = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        with asyncio.Runner(debug=debug, loop_factory=loop_factory or _EventLoop) as runner:
            return runner.run(main)
    finally:
        asyncio._set_running_loop(running)


def _input(prompt=""):
    raise RuntimeError("input() has nobody to ask here: use ask_user")


def _open(file, mode="r", *args, **options):
    if isinstance(file, (str, bytes, os.PathLike)) and isinstance(mode, str) and set(mode) & set("wax+"):
        path = os.path.abspath(os.fsdecode(file))
        if not (path + "/").startswith(("/tmp/", "/dev/")):
            raise PermissionError(errno.EACCES, "there are no host files here; write with write_file (/tmp is memory)", path)
    return _real_open(file, mode, *args, **options)


def _exit(code=None):
    raise SystemExit(code)


def _help(*args):
    import pydoc

    pydoc.Helper(io.StringIO(), sys.stdout)(*args)


# --- blocks ---------------------------------------------------------------------------------------------------------


def _set_up(task):
    global _main
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    _main = main.__dict__
    _scope.clear()
    for spec in task["functions"]:
        _scope[spec["name"]] = _tool(spec)
    _scope["WORK_DIR"] = task["workDir"]
    random.seed(task["seed"])
    with contextlib.suppress(OSError):
        if task["workDir"].startswith("/"):
            os.makedirs(task["workDir"], exist_ok=True)
            os.chdir(task["workDir"])


_scope = {}
_builtins = {}
_streams = _Output("<stdout>"), _Output("<stderr>")
_main = {}


def _repair():
    """Puts back the builtins and streams that a block has replaced, and the functions that it has deleted."""
    builtins.__dict__.update(_builtins)
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__ = _streams
    for name, value in _scope.items():
        _main.setdefault(name, value)


def _names():
    return sorted(
        name
        for name, value in _main.items()
        if isinstance(name, str) and not name.startswith("__") and not isinstance(value, types.ModuleType)
        if name not in _scope or _scope[name] is not value
    )[:1000]


def _own_frames(summary, error):
    """Leaves the frames of blocks, with their own source, in a TracebackException and in those it came from."""
    todo, seen = [(summary, error)], set()
    while todo:
        one, cause = todo.pop()
        if one is None or cause is None or id(one) in seen:
            continue
        seen.add(id(one))
        todo += [(one.__cause__, cause.__cause__), (one.__context__, cause.__context__)]
        todo += zip(one.exceptions or (), getattr(cause, "exceptions", ()))
        steps = (frame.f_code for frame, _ in traceback.walk_tb(cause.__traceback__))
        own = [_shown(frame, _block_of(code)) for frame, code in zip(one.stack, steps)]
        one.stack = traceback.StackSummary.from_list([frame for frame in own if frame is not None])


def _shown(frame, block):
    if block is None or block is _blocks[-1]:
        return frame if block else None
    line = block.lines[frame.lineno - 1] if 0 < frame.lineno <= len(block.lines) else ""
    return traceback.FrameSummary(f"{FILE[:-1]}, an earlier block>", frame.lineno, frame.name, line=line.strip())


def _describe(error, phase):
    line, entries, current = None, [], _blocks[-1] if _blocks and phase == "run" else None
    step = error.__traceback__
    while step is not None:
        if current is not None and id(step.tb_frame.f_code) in current.codes:
            line = step.tb_lineno
        step = step.tb_next
    if phase == "compile":
        line = getattr(error, "lineno", None)
        error.__traceback__ = None
    # The words of an exception are the program's own code, which may raise what it likes.
    try:
        message = error.msg if isinstance(error, SyntaxError) and isinstance(error.msg, str) else str(error)
    except BaseException as problem:
        message = f"<no text: {type(problem).__name__}>"
    note = _note_for(error, message)
    if note:
        error.add_note(note)
    try:
        summary = traceback.TracebackException(type(error), error, error.__traceback__, compact=True)
        _own_frames(summary, error)
        text = "".join(summary.format())
    except BaseException:
        text = f"{type(error).__name__}: {message}\n"
    if len(text) > TRACEBACK_LIMIT:
        half = TRACEBACK_LIMIT // 2
        text = f"{text[:half]}\n[{len(text) - 2 * half} characters left out]\n{text[-half:]}"
    return {
        "t": "end",
        "kind": "raised",
        "phase": phase,
        "type": type(error).__name__[:200],
        "message": "\n".join(filter(None, (message, note)))[:TRACEBACK_LIMIT],
        "line": line if isinstance(line, int) and line > 0 else None,
        "traceback": text,
        "names": _names(),
    }


def _note_for(error, message):
    if isinstance(error, FileNotFoundError):
        return "There are no host files in this interpreter: use read_file, find or execute."
    if isinstance(error, SyntaxError) and message.startswith("unterminated triple-quoted") and error.filename == FILE:
        return "Has the text a line of ``` in it? There the block ended: open and close it with a longer fence, or use a payload."
    if isinstance(error, MemoryError) and not message:
        return "About 100 MB of data fit, variables of earlier blocks included: `del` what you need no more."
    # Libraries put exceptions of their own around these.
    for one in (error, error.__cause__, error.__context__):
        if isinstance(one, ModuleNotFoundError):
            return "Only the standard library is here; run programs that need more with execute."
        if isinstance(one, OSError) and one.errno in (errno.ENOTSUP, errno.EHOSTUNREACH, 138):
            return "There are no processes and no network in this interpreter: use execute."
    hidden = sorted(name for name, value in _scope.items() if _main.get(name, value) is not value)
    if hidden and isinstance(error, TypeError) and message.endswith("object is not callable"):
        return f"Variables hide the functions {', '.join(hidden)}; what is deleted with `del` is there again in the next block."
    return None


def _run(command):
    source = command["source"]
    linecache.cache[FILE] = (len(source), None, [line + "\n" for line in source.splitlines()], FILE)
    try:
        code = compile(source, FILE, "exec", dont_inherit=True)
    except BaseException as error:
        return _describe(error, "compile")
    _blocks.append(_Block(len(_blocks) + 1, source, code))
    try:
        try:
            exec(code, _main)
        finally:
            _repair()
    except SystemExit as error:
        code = None if error.code is None else str(error.code)[:200]
        return {"t": "end", "kind": "exited", "code": code, "names": _names()}
    except BaseException as error:
        return _describe(error, "run")
    return {"t": "end", "kind": "completed", "names": _names()}


def serve():
    global _device
    _device = os.open("/dev/codepilot", os.O_RDWR)
    while True:
        command = _next()
        if command["task"] is not None:
            _set_up(command["task"])
            _repair()
        end = _run(command)
        _printed.end()
        _post(end)


def _install():
    for kind in (*_errors.values(), ToolText):
        kind.__module__ = "builtins"
        setattr(builtins, kind.__name__, kind)
    for name, value in {"gather": gather, "input": _input, "open": _open, "exit": _exit, "quit": _exit, "help": _help}.items():
        setattr(builtins, name, value)
    io.open = _open
    time.sleep = sleep
    asyncio.run = _run_async
    asyncio.new_event_loop = _EventLoop
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__ = _streams
    sys.argv = [""]
    # Not a boundary, only so that nobody takes these for a way to the machine.
    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "JsFinder"]
    for name in ("js", "pyodide_js"):
        sys.modules.pop(name, None)
    _builtins.update(builtins.__dict__)
    gc.collect()
    gc.freeze()


_install()
