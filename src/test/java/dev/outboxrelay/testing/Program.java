// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A program of the outside world, run by a test: its lines can be awaited, and it ends with it. */
public final class Program implements Closeable {

  private static final Duration DEADLINE = Duration.ofSeconds(30);

  private final Process process;
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

  private Program(Process process) {
    this.process = process;
    Thread reader = new Thread(this::read, "program-output");
    reader.setDaemon(true);
    reader.start();
  }

  public static Program start(List<String> command, Map<String, String> environment)
      throws IOException {
    return start(command, environment, ProcessBuilder.Redirect.INHERIT);
  }

  /** As {@link #start(List, Map)}, with standard error elsewhere. */
  public static Program start(
      List<String> command, Map<String, String> environment, ProcessBuilder.Redirect errors)
      throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors);
    builder.environment().putAll(environment);
    return new Program(builder.start());
  }

  /** Tells whether a program is installed: looks along PATH and in /usr/sbin. */
  public static boolean exists(String name) {
    if (name.startsWith("/")) {
      return Files.isExecutable(Path.of(name));
    }
    String path = System.getenv().getOrDefault("PATH", "") + File.pathSeparator + "/usr/sbin";
    for (String directory : path.split(File.pathSeparator)) {
      if (Files.isExecutable(Path.of(directory, name))) {
        return true;
      }
    }
    return false;
  }

  private void read() {
    try (BufferedReader output =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        lines.add(line);
      }
    } catch (IOException e) {
      // The program has ended.
      return;
    }
  }

  /** The next line of the program's output. */
  public String line() throws InterruptedException {
    String line = lines.poll(DEADLINE.toSeconds(), TimeUnit.SECONDS);
    if (line == null) {
      throw new AssertionError("the program printed no further line");
    }
    return line;
  }

  /** Waits until a connection to the port succeeds. */
  public void awaitPort(int port) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + DEADLINE.toNanos();
    while (true) {
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
        return;
      } catch (IOException e) {
        if (System.nanoTime() > deadline || process.waitFor(20, TimeUnit.MILLISECONDS)) {
          throw new AssertionError("the program does not listen on " + port + ": " + lines, e);
        }
      }
    }
  }

  public boolean isRunning() {
    return process.isAlive();
  }

  /** SIGHUP; returns when it has been delivered. */
  public void hangUp() throws IOException, InterruptedException {
    signal("HUP");
  }

  /** Any signal, by its name; STOP has taken effect when this returns. */
  public void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    Path status = Path.of("/proc", Long.toString(process.pid()), "status");
    while (name.equals("STOP") && !Files.readString(status).contains("State:\tT")) {
      Thread.onSpinWait();
    }
  }

  /** SIGKILL to it and all that it has started; returns when it is gone. */
  public void kill() throws InterruptedException {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    process.waitFor();
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroy);
    process.destroy();
    try {
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
    }
  }
}
