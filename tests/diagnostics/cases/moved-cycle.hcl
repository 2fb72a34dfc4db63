moved {
  from = build.a
  to   = build.b
}
moved {
  from = build.b
  to   = build.a
}
