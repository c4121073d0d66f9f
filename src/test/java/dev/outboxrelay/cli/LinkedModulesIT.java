// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.Distribution;
import dev.outboxrelay.testing.Dockerfile;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Which of the modules that the libraries in the jar could use the image's runtime lacks. */
final class LinkedModulesIT {
  /** A package of the jar, one of Java's, and Java's module. */
  private static final Pattern USE =
      Pattern.compile("(?m)^ +(\\S+) +-> \\S+ +(javax?\\S*|jdk\\S+)$");

  /** They come with those that are named. */
  private static final List<String> IMPLIED = List.of("java.transaction.xa");

  /** What the relay never comes to, or what asks before whether it is there. */
  private static final Set<String> UNUSED =
      Set.of(
          "com.fasterxml.jackson.databind.ext needs java.desktop",
          "com.rabbitmq.tools.json needs java.desktop",
          "io.micrometer.core.instrument.binder.logging needs java.desktop",
          "io.netty.buffer needs jdk.jfr",
          "io.netty.util.internal needs jdk.jfr",
          "org.postgresql.geometric needs java.desktop",
          // Files are read as nodes, never made into objects.
          "org.yaml.snakeyaml.introspector needs java.desktop");

  private static List<String> jars() throws IOException {
    try (Stream<Path> files = Files.walk(Distribution.unpacked().home().resolve("lib"))) {
      return files.map(Path::toString).filter(name -> name.endsWith(".jar")).toList();
    }
  }

  @Test
  @Tag("full")
  void modules_thatTheLibrariesNeed_areAmongTheImagesOrNeverUsed() throws Exception {
    StringWriter output = new StringWriter();
    PrintWriter printer = new PrintWriter(output);
    List<String> arguments =
        new ArrayList<>(
            List.of("--ignore-missing-deps", "--multi-release", "17", "-verbose:package"));
    arguments.addAll(jars());
    int code =
        ToolProvider.findFirst("jdeps")
            .orElseThrow()
            .run(printer, printer, arguments.toArray(String[]::new));
    assertEquals(0, code, output.toString());
    List<String> linked = Dockerfile.modules();
    Set<String> missing = new TreeSet<>();
    USE.matcher(output.toString())
        .results()
        .filter(use -> !linked.contains(use.group(2)) && !IMPLIED.contains(use.group(2)))
        .forEach(use -> missing.add(use.group(1) + " needs " + use.group(2)));
    assertTrue(missing.removeAll(UNUSED), "jdeps tells nothing any more: " + output);
    assertEquals(Set.of(), missing);
  }
}
