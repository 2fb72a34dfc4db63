locals {
  a = n[0]
  b = o.k
  c = o["k"]
  d = n[*]
  e = [for z in n : z][1]
  f = upper("a")
  g = l.*.a
  h = l[*].a[0]
  i = (n)[1]
  k = { a = 1 }["a"]
  m = n /* x */ [0]
  o = l[0][1]
  p = n.0
  q = n[/* a */ * /* b */]
  r = -n[0]
  s = x ? y[0] : z[1]
  t = max(1, n...)
  u = for[0]
  v = n[-1]
  y = upper("a")[0]
  z = n[
    0
  ]
  ab = in[0]
  ac = [for z in [1] : z]
  ad = null[0]
}
