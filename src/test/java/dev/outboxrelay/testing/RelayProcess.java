// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A relay as a process of its own, which signals reach: {@code run}, as a user starts it. */
public final class RelayProcess implements AutoCloseable {
  private static final String MAIN = "dev.outboxrelay.cli.Main";

  private final Process process;
  private final Path log;
  private final long logStart;
  private volatile boolean ended;

  private RelayProcess(Process process, Path log, long logStart) {
    this.process = process;
    this.log = log;
    this.logStart = logStart;
  }

  /**
   * Starts a relay; returns at once.
   *
   * @param url JDBC URL
   * @param log its output is appended to this file
   * @param heapMegabytes the JVM's heap limit
   * @param flags further flags of {@code run}
   */
  public static RelayProcess start(
      String url, String user, Path log, int heapMegabytes, String... flags) throws IOException {
    return start(url, user, log, heapMegabytes, Map.of(), flags);
  }

  /** The same, with more in its environment. */
  public static RelayProcess start(
      String url,
      String user,
      Path log,
      int heapMegabytes,
      Map<String, String> environment,
      String... flags)
      throws IOException {
    Files.createDirectories(log.toAbsolutePath().getParent());
    long logStart = Files.exists(log) ? Files.size(log) : 0;
    ProcessBuilder builder = builder(url, user, heapMegabytes, flags);
    builder.environment().putAll(environment);
    Process process =
        builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile())).start();
    return new RelayProcess(process, log, logStart);
  }

  /** Starts a relay whose output goes to a pipe that nobody reads, unless the test does. */
  public static RelayProcess startUnread(
      String url, String user, int heapMegabytes, String... flags) throws IOException {
    return new RelayProcess(
        builder(url, user, heapMegabytes, flags).start(), Path.of("/dev/null"), 0);
  }

  /**
   * Starts a relay as a supervisor does that reads its log by a pipe and may write to its standard
   * input.
   *
   * @param main the program, which takes the arguments of {@code Main}
   */
  public static RelayProcess startSupervised(
      Class<?> main, String url, String user, Path log, int heapMegabytes, List<String> flags)
      throws IOException {
    long logStart = Files.exists(log) ? Files.size(log) : 0;
    ProcessBuilder builder =
        builder(main.getName(), url, user, heapMegabytes, flags.toArray(String[]::new));
    return new RelayProcess(builder.start(), log, logStart);
  }

  private static ProcessBuilder builder(
      String url, String user, int heapMegabytes, String... flags) {
    return builder(MAIN, url, user, heapMegabytes, flags);
  }

  private static ProcessBuilder builder(
      String main, String url, String user, int heapMegabytes, String... flags) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx" + heapMegabytes + "m");
    command.add("-XX:+UseSerialGC");
    if (!Boolean.getBoolean("torture.long")) {
      // Beside other tests a process that is there soon is worth more than one that is fast later.
      command.add("-XX:TieredStopAtLevel=1");
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main, "run"));
    command.addAll(List.of("--database-url", url, "--database-user", user));
    command.addAll(List.of(flags));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().keySet().removeIf(name -> name.startsWith("OUTBOX_RELAY_"));
    return builder.redirectErrorStream(true);
  }

  public boolean alive() {
    return process.isAlive();
  }

  /** Whether somebody here ended it. */
  public boolean wasEnded() {
    return ended;
  }

  public long pid() {
    return process.pid();
  }

  /** Waits for its end; true when it came within the time. */
  public boolean awaitEnd(Duration atMost) throws InterruptedException {
    return process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS);
  }

  public int exitCode() {
    return process.exitValue();
  }

  /** What it writes, of one that was started unread or supervised. */
  public InputStream output() {
    return process.getInputStream();
  }

  /** Writes a line to its standard input. */
  public void tell(String line) throws IOException {
    process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().flush();
  }

  public Path log() {
    return log;
  }

  /** Whether it has written anything: before that, the JVM has not come to the program. */
  public boolean hasSpoken() throws IOException {
    return Files.size(log) > logStart;
  }

  /**
   * What its sweeps have found although nobody is told to be silent, as it is logged.
   *
   * @param silentWriters somebody is: then only what the relay has passed over
   */
  public List<String> missed(boolean silentWriters) throws IOException {
    return missed(log, logStart, silentWriters);
  }

  /**
   * As {@link #missed(boolean)}, of all processes that wrote to this log since it had this size.
   */
  public static List<String> missed(Path log, long logStart, boolean silentWriters)
      throws IOException {
    if (!Files.exists(log)) {
      return List.of();
    }
    String written;
    try (SeekableByteChannel channel = Files.newByteChannel(log)) {
      channel.position(logStart);
      written = new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
    }
    return written
        .lines()
        .filter(line -> line.contains("the sweep found"))
        .filter(line -> !silentWriters || line.contains("passed over"))
        .toList();
  }

  /** SIGKILL; returns when the process is gone. */
  public void kill() throws InterruptedException {
    ended = true;
    process.destroyForcibly();
    process.waitFor();
  }

  /** SIGTERM; true when the process was gone within the time. */
  public boolean terminate(Duration atMost) throws InterruptedException {
    ended = true;
    process.destroy();
    return process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** SIGTERM, and nothing else: the pipes stay as they are. */
  public void askToStop() throws IOException, InterruptedException {
    ended = true;
    signal("TERM");
  }

  /** SIGSTOP: the process stands still until {@link #proceed}, as in a very long pause. */
  public void freeze() throws IOException, InterruptedException {
    signal("STOP");
  }

  /** SIGCONT. */
  public void proceed() throws IOException, InterruptedException {
    signal("CONT");
  }

  /** SIGHUP. */
  public void hangUp() throws IOException, InterruptedException {
    signal("HUP");
  }

  @Override
  public void close() throws InterruptedException {
    kill();
  }

  private void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
  }
}
