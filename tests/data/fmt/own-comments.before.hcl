a = 1 # blanks at the end   
/* several
lines */ b = 1
cc = 2
