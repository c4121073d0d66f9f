// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A relay as users run it: {@code run} in a process of its own, with its defaults. */
final class RelayProcess implements AutoCloseable {
  private static final String MAIN = "dev.outboxrelay.cli.Main";

  /** Long: Java may have been told to keep the classes of this run for the next one. */
  private static final Duration STOP_LIMIT = Duration.ofMinutes(2);

  private final Process process;
  private final RelayLogFile log;

  /** A bench that is stopped half-way leaves no relay behind. */
  private final Thread stop;

  private RelayProcess(Process process, RelayLogFile log) {
    this.process = process;
    this.log = log;
    stop = new Thread(process::destroy, "stop-relay");
  }

  /**
   * Starts a relay; returns at once.
   *
   * @param log gets its output
   * @param jvmFlags such as {@code -Xmx64m}
   * @param flags of {@code run}
   */
  static RelayProcess start(
      BenchDatabase database, RelayLogFile log, List<String> jvmFlags, List<String> flags)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(jvmFlags);
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(List.of("-cp", classPath(), MAIN, "run"));
    command.addAll(flags);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().keySet().removeIf(name -> name.startsWith("OUTBOX_RELAY_"));
    builder.environment().put("OUTBOX_RELAY_DATABASE_URL", database.url());
    builder.environment().put("OUTBOX_RELAY_DATABASE_USER", database.user());
    builder.environment().put("OUTBOX_RELAY_DATABASE_PASSWORD", database.password());
    Process process =
        builder
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.path().toFile()))
            .start();
    RelayProcess relay = new RelayProcess(process, log);
    Runtime.getRuntime().addShutdownHook(relay.stop);
    return relay;
  }

  /** This process's own, without the add-on that only the bench needs. */
  private static String classPath() {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> !isOfTheAddOn(Path.of(entry)))
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static boolean isOfTheAddOn(Path entry) {
    Path folder = entry.getParent();
    return folder != null && folder.endsWith(Path.of("lib", "demo"));
  }

  long pid() {
    return process.pid();
  }

  /** Fails when it is gone, or has written of a fault. */
  void requireWell() throws IOException {
    log.requireNoFault();
    if (!process.isAlive()) {
      throw new IOException(
          "the relay ended with exit code "
              + process.exitValue()
              + ":\n"
              + Files.readString(log.path()));
    }
  }

  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
      process.destroyForcibly().waitFor();
    }
    try {
      Runtime.getRuntime().removeShutdownHook(stop);
    } catch (IllegalStateException e) {
      // The bench itself is being stopped, and what is to be done is done.
    }
  }
}
