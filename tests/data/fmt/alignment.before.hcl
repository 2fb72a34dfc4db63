a = 1
long_name   = "x"
b= [1,2]

after_a_blank_line =1
c=2
# a comment line
longer_than_c = 3
d=[
1
]
after_several_lines=4
e=5
block "x" {}
after_a_block = 6
f=7
f_and_more=f({
x=1
})
