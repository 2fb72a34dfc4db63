a=1
long_name=<<EOT
  x   ${ y+1 }
	tab  
%{ if a ~}
$${ b }
%{ endif ~}
EOT
b=2
block "x" {
text=<<-EOT
    indented
      more
    EOT
list=[
<<A
a
A
,
<<-B
b
  B
]
}
