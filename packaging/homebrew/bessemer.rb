# Builds the server from the source archive of a release. `packaging/homebrew/formula` fills in URL and SHA256.
class Bessemer < Formula
  desc "Work server that speaks the Faktory protocol, with its own durable store"
  homepage "@HOMEPAGE@"
  url "@URL@"
  sha256 "@SHA256@"
  license any_of: ["MIT", "Apache-2.0"]

  depends_on "rust" => :build

  def install
    system "cargo", "install", *std_cargo_args(path: "crates/server")
    generate_completions_from_executable(bin/"bessemer", "completions")
    (etc/"bessemer/conf.d").mkpath
    pkgshare.install "crates/server/src/config/default.toml"
    doc.install Dir["docs/*.md"]
  end

  def post_install
    (var/"lib/bessemer").mkpath
    (var/"lib/bessemer").chmod 0700
  end

  def caveats
    <<~TEXT
      The service listens to this machine only, in development and without a password. Its configuration is in
        #{etc}/bessemer/conf.d
      and every key with its default in
        #{opt_pkgshare}/default.toml
    TEXT
  end

  service do
    run [opt_bin/"bessemer", "-d", var/"lib/bessemer", "-c", etc/"bessemer"]
    # The exit codes of damage and of a wrong configuration count as crashes here: the log says what to do.
    keep_alive crashed: true
    log_path var/"log/bessemer.log"
    error_log_path var/"log/bessemer.log"
  end

  test do
    port = free_port
    server = IO.popen(["#{bin}/bessemer", "-b", "localhost:#{port}", "-w", ":0", "-d", "#{testpath}/db"])
    begin
      assert server.each_line.any? { |line| line.include?("listening at") }
      system bin/"bessemer", "push", "--url", "tcp://localhost:#{port}", "HelloWorld", "1"
    ensure
      Process.kill "TERM", server.pid
      server.close
    end
    assert_equal 0, $CHILD_STATUS.exitstatus
    system bin/"bessemer", "verify", testpath/"db"
  end
end
