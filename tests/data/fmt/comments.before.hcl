# one
   // two
a=1 # x
long_name = 22 // y
/* three */
b=1 /* inside */
c = /* before */ 1   # z
block "x" {   # on a header
# inside
a=1 # p
  // below
bb=[ # q
1, # r
22#s
]   # t
}# u
/* several
     lines */
d=1
