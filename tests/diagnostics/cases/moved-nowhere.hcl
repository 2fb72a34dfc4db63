build "train" {}
moved {
  from = build.old
  to   = build.trian
}
