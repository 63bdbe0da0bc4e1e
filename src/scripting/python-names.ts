/** Names that tools and their arguments have in a program: Python's where theirs can not be written or mean something else. */

const KEYWORDS =
  "False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield".split(
    " ",
  );

/** What a program counts on having, lower case; whoever shadowed one would find out late and far away. */
const BUILTINS =
  "abs aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile complex copyright credits delattr dict dir divmod enumerate eval exec exit filter float format frozenset getattr globals hasattr hash help hex id input int isinstance issubclass iter len license list locals map max memoryview min next object oct open ord pow print property quit range repr reversed round set setattr slice sorted staticmethod str sum super tuple type vars zip".split(
    " ",
  );

/** What the protocol itself gives to programs. */
const VOCABULARY =
  "gather payload write_file ToolError ToolText PermissionDenied PayloadError CallLimitReached WORK_DIR".split(" ");

/** Exceptions are builtins too. */
const EXCEPTION = /^[A-Z]\w*(Error|Exception|ExceptionGroup|Warning|Exit|Interrupt|Iteration|Ellipsis|Implemented)$/;

/** Gives out each name once. */
export class PythonNames {
  readonly #taken: Set<string>;
  readonly #fallback: string;

  private constructor(taken: readonly string[], fallback: string) {
    this.#taken = new Set(taken);
    this.#fallback = fallback;
  }

  static forFunctions(): PythonNames {
    return new PythonNames([...KEYWORDS, ...BUILTINS, ...VOCABULARY], "tool");
  }

  static forParameters(): PythonNames {
    return new PythonNames(KEYWORDS, "arg");
  }

  /** `my-tool` becomes `my_tool`, `print` becomes `print_`; what is a free Python name stays. */
  take(name: string): string {
    const plain = name.normalize("NFKC").replace(/\P{XID_Continue}/gu, "_");
    const base = /^\p{XID_Start}/u.test(plain) ? plain : `${this.#fallback}_${plain}`;
    let free = EXCEPTION.test(base) ? `${base}_` : base;
    for (let number = 1; this.#taken.has(free); number += 1) free = number === 1 ? `${base}_` : `${base}_${number}`;
    this.#taken.add(free);
    return free;
  }
}
