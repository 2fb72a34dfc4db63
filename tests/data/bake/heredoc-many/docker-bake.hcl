V = "v"
N = 3
L = ["p", "q"]
target "default" {
  args = {
    a0 = <<-EOT
  %{~ for x in L ~} 
	${N~}
"q"
    %{~ endfor ~}

      %{~ for x in L }${ V }%{~ endfor ~}
  EOT
    a1 = <<-EOT
      
    ${ V }%{~ for x in L ~}b c
	$ é
  
      
    
%{ endfor }
EOT
    a2 = <<-EOT
$
       
	a
      %{ for x in L }$${x} 
  
%{~ endfor }%{ for x in L ~}
%{~ endfor }
EOT
    a3 = <<-EOT
  %{ for x in L ~}\n

	%{~ endfor ~}${V~}${~ V } 
   
 
	x%{ if true }%%{
  %{ endif ~}
  EOT
    a4 = <<-EOT
  %{~ for x in L ~}%{~ for x in L ~}é 
a 
      %{~ for x in L } 
    $$
  %{~ endfor ~}
  %{~ endfor }
  %{~ endfor }
  EOT
    a5 = <<EOT
%é
	x
    
EOT
    a6 = <<EOT
%
  EOT
    a7 = <<EOT
${"s"}
  %{ if true ~}${~"s"~} 
	b c
%{ endif }
  EOT
    a8 = <<-EOT
  b c
      ${~ V ~}$ 
    é%{ for x in L }
    %{~ for x in L ~}%{ endfor }
${ V }
  %{~ endfor }
  EOT
    a9 = <<EOT
    %{~ for x in L ~} 
  $${V}"q" 
      %{~ for x in L }
%{~ endfor ~}
  %{~ endfor ~}
  EOT
    a10 = <<-EOT
    "q"$${x}$ 
      ${~V}
EOT
    a11 = <<-EOT
    
      
	\n${~ V }
EOT
    a12 = <<EOT
      	
EOT
    a13 = <<EOT
      ${~V}%{~ if false }%{~ if true } 
  a%{~ if false }%{~ for x in L }
	"q"%{~ endfor ~}
$ 
  %{~ endif ~}
%{ endif }
%{ endif }
  EOT
    a14 = <<EOT
    \n
    \n
EOT
    a15 = <<EOT
%{ for x in L ~}${"s"~}${~ V }
      ${N~}${~ V ~}
    %%{ 
    ${ V ~}
      ${~ V }%{ endfor ~}x
EOT
    a16 = <<EOT
    %
	
  %{ for x in L }%{~ if false ~}%{ if false ~} 
  %{~ endif }
%{ endif }
  %{~ endfor }
EOT
    a17 = <<-EOT
  ${~ V ~}
EOT
    a18 = <<EOT
%{~ for x in L ~}a
  %{ endfor ~}
  EOT
    a19 = <<-EOT
      %{ for x in L ~}
	%{ for x in L }%{~ for x in L ~}%{~ endfor ~}
  %%{${~ V }%{ for x in L ~}
%{ endfor ~}
  %{~ endfor ~}
  %{ endfor ~}
EOT
    a20 = <<EOT
       
    é%{~ for x in L ~}- 
%{~ for x in L ~}
 
  %{~ endfor }
%{ endfor }
  EOT
    a21 = <<-EOT
a

	$
    xx${~V~} 
      %{~ for x in L ~}b c
  %{ endfor ~}
EOT
    a22 = <<EOT
	${~V} 
%{~ for x in L ~} 
%{ endfor }
  EOT
    a23 = <<-EOT
  %{~ for x in L ~}
	$${x}${~"s"}
  %{~ endfor }%{~ for x in L }%{~ for x in L } 
	a$ 
	%{ for x in L } 
  ${V}%{~ for x in L ~}
  %{~ endfor }
  %{ endfor ~}
  %{ endfor }
  %{ endfor }
EOT
    a24 = <<EOT
$${~V~}\n
	$ x
  %{~ for x in L ~}\n	
      %{ for x in L ~}é% 
%{ endfor }
  %{~ endfor }
EOT
    a25 = <<EOT
	
	b c 
  %{ for x in L ~}
    "q" 
      
%{~ endfor }
EOT
    a26 = <<-EOT
  %{ if true }%{ endif }% 
    %{~ for x in L }
   

     
%{ endfor }
  EOT
    a27 = <<-EOT
      
${~"s"}${"s"~} 
EOT
    a28 = <<-EOT
      b c%{~ for x in L }%{ for x in L ~} 
  ${~V}"q"%{~ if true }
%%{ 
	$ b c 
  %{~ endif ~}
  %{ endfor ~}
%{~ endfor ~}
EOT
    a29 = <<-EOT
  ${V}
	
%{~ for x in L ~}${ V ~}
	%
  %{~ endfor }
  EOT
    a30 = <<-EOT
       
      %%{${"s"}	 
  EOT
    a31 = <<EOT
	${~V~}x 
  %{ for x in L }%$ 
%{~ if true ~}
  %{~ endif }
  %{ endfor }
EOT
    a32 = <<EOT
	 
      
     
%{ for x in L ~} 
      
	%{~ for x in L ~} 
  %{~ endfor ~}
  %{ endfor }
  EOT
    a33 = <<-EOT
    %{~ if true ~}% 
    %{~ for x in L ~}$${x} 
	a${~ V }\n
      %{ for x in L ~}
     
  %{ endfor }
%{ endfor ~}
%{~ endif ~}
  EOT
    a34 = <<-EOT
    %{~ if false }
  %{~ for x in L }%{~ for x in L }% 
%{~ for x in L }${"s"}
  \n${"s"~}
	${ V ~}%{~ if true } 
    é
%{~ endif ~}
  %{ endfor }
%{~ endfor }
  %{~ endfor ~}
  %{~ endif ~}
EOT
    a35 = <<-EOT
      ${~ V }xx
  %{~ for x in L }
%{~ for x in L }
  %{~ endfor }
  %{~ endfor ~}
  EOT
    a36 = <<-EOT
    %{ for x in L }
%{ endfor ~}
EOT
    a37 = <<-EOT
      x
      
      %{ for x in L ~}%{ if false }\n
	${~N} 
  %{~ endif ~}
%{~ endfor }
EOT
    a38 = <<EOT
  x
    
  ${~N~}
      ${~V~}
	
  \n
  EOT
    a39 = <<EOT
	%{~ for x in L }
      - %{~ endfor ~}"q" 
  %{~ for x in L }	
  $${N~} 
      %{~ for x in L ~}%{~ endfor }é
	%{~ if false }%{ endif }$ 
%{ endfor ~}
  EOT
  }
}
