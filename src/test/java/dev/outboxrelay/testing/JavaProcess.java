// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A Java program as a process of its own, with flags and variables of the test's choice, and none
 * of this process's that the program would read as settings.
 */
public final class JavaProcess implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration ORDERLY_END = Duration.ofSeconds(15);

  private final Process process;
  private final Path output;

  private JavaProcess(Process process, Path output) {
    this.process = process;
    this.output = output;
  }

  /** The runtime that runs the tests. */
  public static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /** The program as it was compiled, with these arguments: {@code run}, for example. */
  public static List<String> program(String... arguments) {
    List<String> command = new ArrayList<>(List.of(java(), "-XX:+UseSerialGC"));
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-Xmx128m"));
    command.addAll(List.of("-cp", withoutTests()));
    command.add("dev.outboxrelay.cli.Main");
    command.addAll(List.of(arguments));
    return command;
  }

  /** What the program is made of, and not what the tests put in its place: how it logs. */
  private static String withoutTests() {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> !Path.of(entry).endsWith("test-classes"))
        .collect(Collectors.joining(File.pathSeparator));
  }

  /**
   * Starts a process; returns at once.
   *
   * @param variables added to the environment
   * @param output gets what the process prints, standard error among it
   */
  public static JavaProcess start(List<String> command, Map<String, String> variables, Path output)
      throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().keySet().removeIf(name -> name.startsWith("OUTBOX_RELAY_"));
    builder.environment().putAll(variables);
    Process process =
        builder
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.to(output.toFile()))
            .start();
    return new JavaProcess(process, output);
  }

  /** What it has printed, as UTF-8. */
  public String output() throws IOException {
    return Files.readString(output, StandardCharsets.UTF_8);
  }

  /** Waits until it has printed something, and fails when it ends without that. */
  public void awaitOutput(String text) throws Exception {
    Await.until(
        "prints '" + text + "': " + output,
        PATIENCE,
        () -> output().contains(text) || !process.isAlive());
    if (!output().contains(text)) {
      throw new AssertionError("ended with " + process.exitValue() + ": " + output());
    }
  }

  /** Waits for its end; a process that a signal ended has 128 and the signal's number. */
  public int awaitExit() throws Exception {
    return awaitExit(PATIENCE);
  }

  /** As {@link #awaitExit()}, for what takes its time. */
  public int awaitExit(Duration atMost) throws Exception {
    if (!process.waitFor(atMost.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("still runs: " + output());
    }
    return process.exitValue();
  }

  /** Sends a signal, such as {@code HUP}. */
  public void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** Asks it to end first, since it may have started a server, which it stops then. */
  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(ORDERLY_END.toSeconds(), TimeUnit.SECONDS)) {
      process.destroyForcibly();
      process.waitFor();
    }
  }
}
