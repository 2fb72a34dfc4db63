a = "x  ${y}  z"
b = "${a + 1}${b}"
c = "a ${~b~} c"
d = "%{if x}yes%{else}no%{endif}"
e = "%{for v in [1, 2]~} ${v} %{endfor~}"
f = "$${ a } %%{ b } \"q\" \\"
g = "x ${ { a = 1 }.a}"
h = "${f(
  1,
  2
)} x"
