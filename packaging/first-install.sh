# What the deb and the rpm do once, after the user `bessemer` is there and before the service starts. Both packages take
# this text into their own scripts.
first_install() {
  password=/etc/bessemer/password
  if [ ! -e $password ]; then
    (
      umask 077
      if [ -s /etc/faktory/password ]; then
        cp /etc/faktory/password $password.new
        echo "bessemer: clients go on with Faktory's password, copied from /etc/faktory/password to $password"
      else
        # 128 random bits.
        od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >$password.new
        echo "bessemer: generated a password in $password"
      fi
    )
    chmod 0600 $password.new
    chown bessemer:bessemer $password.new
    mv $password.new $password
  fi
  for file in /etc/faktory/conf.d/*.toml /etc/faktory/*.pem; do
    [ -e "$file" ] || continue
    echo "bessemer: $file is not read, as /etc/bessemer/conf.d is there; copy what you need to /etc/bessemer"
  done
}
