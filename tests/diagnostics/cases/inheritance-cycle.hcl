template "a" { inherits = [template.b] }
template "b" { inherits = [template.c] }
template "c" { inherits = [template.a] }
