block   "x"   "y"{
}
empty{}
one_line { a=1 }
also "x" {a = 1}
outer{
inner{
a=1
}


inner "z"{ }
}
