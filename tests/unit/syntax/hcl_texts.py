"""Hypothesis makes HCL files: without mistakes, and with blanks wherever they may stand."""

from hypothesis import strategies as st

NAMES = ("a", "bb", "ccc-d", "_e", "é", "for", "in", "if", "true", "null", "日本")
OPERATORS = ("+", "-", "*", "/", "%", "==", "!=", "<", ">", "<=", ">=", "&&", "||")
LITERALS = (
    "0",
    "15",
    "1.5",
    "2e3",
    '""',
    '"x y"',
    '"\\"\\\\n"',
    '"$${a} %%{b} $ %"',
    "true",
    "null",
)
BLANKS = ("", " ", "   ", "\t")
REMARKS = ("# x", "//y  ", "#", '# {[("${')
COMMENTS = ("/* c */", "/**/", "/* {\n  ( */")


class Draw:
    """Draws pieces of a file; `lines` says whether line ends may stand between the pieces."""

    def __init__(self, draw: st.DrawFn, *, as_terraform: bool) -> None:
        self.draw = draw
        self.as_terraform = as_terraform
        self.comments = COMMENTS[:2] if as_terraform else COMMENTS
        self.count = 0

    def one(self, *choices: str) -> str:
        return self.draw(st.sampled_from(choices))

    def number(self, least: int, most: int) -> int:
        return self.draw(st.integers(least, most))

    def blank(self, *, lines: bool = False) -> str:
        """Nothing, blanks, or now and then a comment or a line end."""
        pick = self.number(0, 11)
        if pick == 0:
            return f" {self.one(*self.comments)} "
        if lines and pick == 1:
            return f"\n{self.one(*BLANKS)}"
        if lines and pick == 2:
            return f" {self.one(*REMARKS)}\n"
        return self.one(*BLANKS)

    def name(self) -> str:
        return self.one(*NAMES[:5])

    def fresh(self) -> str:
        self.count += 1
        return self.one("a", "bbb", "long_name", "é") + str(self.count)

    def value(self, depth: int, *, lines: bool) -> str:
        if depth <= 0:
            return self.one(*LITERALS, *NAMES[:5])
        makers = (
            self.binary,
            self.unary,
            self.conditional,
            self.call,
            self.steps,
            self.template,
            self.parentheses,
            self.items,
            self.object,
            self.comprehension,
        )
        return self.draw(st.sampled_from(makers))(depth - 1, lines=lines)

    def binary(self, depth: int, *, lines: bool) -> str:
        left, right = self.value(depth, lines=lines), self.value(depth, lines=lines)
        before, after = self.blank(lines=lines) or " ", self.blank(lines=lines) or " "
        return f"{left}{before}{self.one(*OPERATORS)}{after}{right}"

    def unary(self, depth: int, *, lines: bool) -> str:
        return self.one("-", "!", "- ", "! ") + self.one("a", "1", "(2)", "f (1)"[:1])

    def conditional(self, depth: int, *, lines: bool) -> str:
        parts = [self.value(depth, lines=lines) for _ in range(3)]
        blanks = [self.blank(lines=lines) for _ in range(4)]
        condition, yes, no = parts
        return f"{condition}{blanks[0]} ?{blanks[1]}{yes}{blanks[2]} :{blanks[3]}{no}"

    def call(self, depth: int, *, lines: bool) -> str:
        text = self.blank(lines=True)
        for _ in range(self.number(0, 2)):
            text += f"{self.value(depth, lines=True)}{self.blank(lines=True)},{self.blank()}"
        last = self.value(depth, lines=True) + self.blank(lines=True)
        return f"{self.one('f', 'max', 'f ')}({text}{self.one('', last, last + '...')})"

    def steps(self, depth: int, *, lines: bool) -> str:
        text = self.one("a", "bb", "(a)", "f(1)", "a" if self.as_terraform else '"x"')
        for _ in range(self.number(1, 3)):
            key = self.value(depth - 1, lines=True)
            if self.as_terraform and key in ("true", "null"):
                key = "0"  # terraform fmt makes a[] of a[true]
            gap = self.one("", "", " ", "\t")
            step = self.one(".b", ". c-d", f"[{self.blank(lines=True)}{key} ]")
            text += gap + step
        return text + self.one(
            "", "", "[*].b", " . * .b", "[ * ] [0]", "" if self.as_terraform else ".0.*[0]"
        )

    def template(self, depth: int, *, lines: bool) -> str:
        start = self.one("x ", " $ ") if self.as_terraform else self.one("x ", " $ ", "")
        inner = self.value(depth, lines=True)
        sequence = self.one(
            f"${{{self.blank(lines=True)}{inner}{self.blank(lines=True)}}}",
            f"${{~ {inner} ~}}",
            f"%{{ if {inner} }}a%{{else}} b %{{~endif}}",
            f"%{{for k, v in {inner} ~}}${{ k }}${{v}}%{{ endfor }}",
        )
        return f'"{start}{sequence}{self.one("", " y", " ")}"'

    def parentheses(self, depth: int, *, lines: bool) -> str:
        return f"({self.blank(lines=True)}{self.value(depth, lines=True)}{self.blank(lines=True)})"

    def items(self, depth: int, *, lines: bool) -> str:
        return f"[{self.listed(depth, self.number(0, 3))}{self.blank(lines=True)}]"

    def listed(self, depth: int, count: int) -> str:
        text = self.blank(lines=True)
        for at in range(count):
            text += self.value(depth, lines=True) + self.blank(lines=True)
            if at + 1 < count or self.number(0, 2) == 0:
                text += "," + self.blank(lines=True)
        return text

    def object(self, depth: int, *, lines: bool) -> str:
        text = "{" + self.blank()
        for at in range(count := self.number(0, 3)):
            name = self.fresh()
            key = self.one(name, f'"{name}"', f"({name} )", f'"x{name}${{ a }}"')
            text += f"{key}{self.blank()}{self.one('=', ' =', ':')}{self.blank()}"
            text += self.value(depth, lines=False) + self.blank()
            if at + 1 < count:
                text += self.one(",", "\n", ",\n", " # x\n", "\n\n", ", // y\n") + self.blank()
        return text + self.one("", " ", "\n") + "}"

    def comprehension(self, depth: int, *, lines: bool) -> str:
        source, value = self.value(depth, lines=True), self.value(depth, lines=True)
        head = f"for{self.one(' ', '  ')}{self.one('', 'k , ', 'k,')}v in {source}{self.blank()} :"
        condition = self.one("", f" if {source}", f"  if({value})")
        if self.number(0, 1):
            return f"[{self.blank()}{head}{self.blank(lines=True)}{value}{condition}]"
        grouping = self.one("", "...", " ... ")
        return f"{{{head} {self.value(depth, lines=True)}=>{value}{grouping}{condition} }}"

    def heredoc(self) -> str:
        word, indent = self.one("EOT", "X-1"), self.one("", "  ", "\t")
        lines = [
            self.one(
                "", "  x ", "\ty  ", "EOT x", "a ${ b+1 }", "$${c}%%{", "%{ if  a ~}", "b%{endif}"
            )
            for _ in range(self.number(0, 3))
        ]
        if lines.count("%{ if  a ~}") or lines.count("b%{endif}"):
            lines = ["%{ if  a ~}", *(one for one in lines if "if" not in one), "b%{endif}"]
        return "\n".join((f"<<{self.one('', '-')}{word}", *lines, f"{indent}{word}"))

    def attribute(self, depth: int) -> str:
        if self.number(0, 7) == 0:
            return f"{self.fresh()}{self.blank()}={self.blank()}{self.heredoc()}"
        value = self.value(depth, lines=False)
        return f"{self.fresh()}{self.blank()}={self.blank()}{value}{self.blank()}"

    def block(self, depth: int) -> str:
        header = self.one("x", 'yy "z"', 'x  "a"   "b"') + self.one("", " ", "  ")
        shape = self.number(0, 3)
        if shape == 0:
            return f"{header}{{{self.one('', ' ')}}}"
        if shape == 1:
            return f"{header}{{{self.fresh()}= {self.value(0, lines=False)} }}"
        return f"{header}{{{self.blank()}\n{self.body(depth - 1)}{self.one(*BLANKS)}}}"

    def body(self, depth: int) -> str:
        text = ""
        for _ in range(self.number(0, 5)):
            text += self.one(*BLANKS)
            pick = self.number(0, 9)
            if pick == 0:
                text += self.one(*self.comments, *REMARKS)
            elif pick in (1, 2) and depth > 0:
                text += self.block(depth)
            elif pick > 2:
                text += self.attribute(depth)
            is_open = text.rstrip(" ").rpartition("\n")[2].strip() in ("EOT", "X-1")
            text += ("" if is_open else self.one("", "", " # x", "  //  yy")) + "\n"
        return text


@st.composite
def hcl_texts(draw: st.DrawFn, *, as_terraform: bool = False) -> str:
    """Files; `as_terraform` leaves out what `terraform fmt` has another form for."""
    made = Draw(draw, as_terraform=as_terraform)
    text = made.body(3)
    return text.replace("\n", made.one("\n", "\n", "\n", "\r\n"))
