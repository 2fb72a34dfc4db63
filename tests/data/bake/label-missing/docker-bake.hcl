target {}
