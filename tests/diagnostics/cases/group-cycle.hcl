group "a" { members = [group.b] }
group "b" { members = [group.a] }
