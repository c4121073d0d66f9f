// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The unit that ships: how it starts the relay, and after which ends it starts it again. */
public final class SystemdUnit {
  private static final Path FILE = Path.of("packaging/outbox-relay.service");

  /** What a process ends with, by Java's count, when a signal ended it. */
  private static final int SIGNALS = 128;

  /** SIGHUP, SIGINT, SIGPIPE and SIGTERM: to systemd a process that they end was asked to. */
  private static final Set<Integer> ORDERLY_SIGNALS = Set.of(1, 2, 13, 15);

  private final List<String> lines;

  private SystemdUnit(List<String> lines) {
    this.lines = lines;
  }

  public static SystemdUnit read() throws IOException {
    return new SystemdUnit(Files.readAllLines(FILE));
  }

  /** The values of a setting, in order: those of all its lines, as systemd joins lists. */
  public List<String> values(String setting) {
    return lines.stream()
        .filter(line -> line.startsWith(setting + "="))
        .flatMap(line -> Stream.of(line.substring(setting.length() + 1).trim().split("\\s+")))
        .filter(value -> !value.isEmpty())
        .toList();
  }

  /**
   * The command that starts the relay, with another launcher.
   *
   * @param credentials the directory that systemd would make
   */
  public List<String> command(Path launcher, Path credentials) {
    List<String> words = values("ExecStart");
    return Stream.concat(Stream.of(launcher.toString()), words.stream().skip(1))
        .map(word -> word.replace("${CREDENTIALS_DIRECTORY}", credentials.toString()))
        .toList();
  }

  /** A variable that the unit sets, as one quoted word. */
  public String variable(String name) {
    String start = "Environment=\"" + name + "=";
    return lines.stream()
        .filter(line -> line.startsWith(start) && line.endsWith("\""))
        .map(line -> line.substring(start.length(), line.length() - 1))
        .findFirst()
        .orElseThrow(() -> new AssertionError(FILE + " does not set " + name));
  }

  /**
   * Whether systemd starts the service again, by {@code Restart=on-failure} and what goes with it.
   *
   * @param exit what {@link Process#exitValue} says; with {@code bySignal}, 128 and the signal
   */
  public boolean startsAgainAfter(int exit, boolean bySignal) {
    if (!values("Restart").equals(List.of("on-failure"))) {
      throw new AssertionError("this knows on-failure only, not " + values("Restart"));
    }
    if (!bySignal && numbers("RestartForceExitStatus").contains(exit)) {
      return true;
    }
    if (bySignal) {
      return !ORDERLY_SIGNALS.contains(exit - SIGNALS);
    }
    return exit != 0
        && !numbers("SuccessExitStatus").contains(exit)
        && !numbers("RestartPreventExitStatus").contains(exit);
  }

  private Set<Integer> numbers(String setting) {
    return values(setting).stream().map(Integer::valueOf).collect(Collectors.toSet());
  }
}
