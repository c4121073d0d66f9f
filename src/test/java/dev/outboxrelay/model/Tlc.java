// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.model;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Runs the model checker TLC, in a process of its own, over one of the models in
 * docs/internals/model.
 */
final class Tlc {
  private static final Pattern VIOLATED = Pattern.compile("Invariant (\\w+) is violated");

  /** The last line of it; a run that lasts longer tells of its progress, in other words. */
  private static final Pattern STATES =
      Pattern.compile("(?m)^[0-9]+ states generated, ([0-9]+) distinct states found");

  private final String model;
  private final String specification;
  private final Map<String, String> constants = new TreeMap<>();

  /**
   * A model with its constants.
   *
   * @param model the file's name without its suffix
   * @param specification what is checked: the lines of the configuration beside the constants
   * @param constants as TLC's configuration writes them: {@code Limit = 3}
   */
  Tlc(String model, List<String> specification, List<String> constants) {
    this.model = model;
    this.specification = String.join("\n", specification);
    constants.forEach(this::set);
  }

  private void set(String constant) {
    constants.put(constant.split(" ")[0], constant);
  }

  /** What TLC found. */
  record Outcome(String violated, long states, String output) {
    boolean holds() {
      return output.contains("Model checking completed. No error has been found.");
    }
  }

  /** Checks the model with some constants changed. */
  Outcome check(String... changed) throws IOException, InterruptedException {
    for (String constant : changed) {
      set(constant);
    }
    Path directory =
        Files.createTempDirectory(Files.createDirectories(Path.of("target", "model")), model);
    Path configuration = directory.resolve(model + ".cfg");
    Files.writeString(
        configuration,
        "CONSTANTS\n  "
            + String.join("\n  ", constants.values())
            + "\n"
            + specification
            + "\nCHECK_DEADLOCK FALSE\n");
    Path output = directory.resolve("output.txt");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-XX:+UseParallelGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "tlc2.TLC",
                "-metadir",
                directory.resolve("states").toString(),
                "-config",
                configuration.toString(),
                Path.of("docs", "internals", "model", model + ".tla").toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      process.waitFor();
    } finally {
      process.destroyForcibly();
    }
    String text = Files.readString(output, StandardCharsets.UTF_8);
    Matcher violated = VIOLATED.matcher(text);
    Matcher states = STATES.matcher(text);
    return new Outcome(
        violated.find() ? violated.group(1) : "none",
        states.find() ? Long.parseLong(states.group(1)) : 0,
        text);
  }
}
