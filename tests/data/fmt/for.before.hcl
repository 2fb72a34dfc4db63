a=[for x in y:x]
b=[ for k,v in y : "${k} ${v}" if v!=null ]
c={for k,v in y:k=>v}
d={ for v in y : v=>v... }
e=[for x in[1,2]:x]
f=[
for x in y :
x
]
