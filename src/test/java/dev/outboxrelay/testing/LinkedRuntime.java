// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.spi.ToolProvider;
import org.opentest4j.TestAbortedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Java runtime that the image holds, linked by the JDK that runs the tests, and the
 * distribution on it.
 */
public final class LinkedRuntime {
  private static final Logger LOG = LoggerFactory.getLogger(LinkedRuntime.class);

  /** Where the image has the distribution. */
  private static final String HOME = "/opt/outbox-relay/";

  private final Path directory;

  private LinkedRuntime(Path directory) {
    this.directory = directory;
  }

  /**
   * Links the runtime of the Dockerfile's modules.
   *
   * @param directory made by this
   * @throws TestAbortedException when this JDK cannot link; loudly, since nothing is tested then
   */
  public static LinkedRuntime link(Path directory) throws IOException {
    ToolProvider jlink =
        ToolProvider.findFirst("jlink").orElseThrow(() -> cannotLink("has no jlink"));
    StringWriter output = new StringWriter();
    PrintWriter printer = new PrintWriter(output);
    // Not compressed, as the image's is: the modules are the same, and it takes half the time.
    int code =
        jlink.run(
            printer,
            printer,
            "--output",
            directory.toString(),
            "--no-header-files",
            "--no-man-pages",
            "--add-modules",
            String.join(",", Dockerfile.modules()));
    if (code == 0) {
      return new LinkedRuntime(directory);
    }
    Path jmods = Path.of(System.getProperty("java.home"), "jmods");
    if (Files.notExists(jmods.resolve("java.base.jmod")) && Runtime.version().feature() < 24) {
      throw cannotLink("has no " + jmods + ", which jlink needs");
    }
    throw new AssertionError("jlink ended with " + code + ": " + output);
  }

  private static TestAbortedException cannotLink(String why) {
    String message =
        "WHAT SHIPS IS NOT TESTED: the JDK "
            + System.getProperty("java.runtime.version")
            + " in "
            + System.getProperty("java.home")
            + " "
            + why
            + ". Run the tests with a complete JDK";
    LOG.error(message);
    return new TestAbortedException(message);
  }

  /** The command line that the image's entry point is, with these arguments. */
  public List<String> command(String... arguments) throws IOException {
    String entry = Dockerfile.entry();
    if (!entry.startsWith(HOME)) {
      throw new AssertionError("the image starts " + entry + ", which is not of the distribution");
    }
    List<String> command = new ArrayList<>();
    command.add(Distribution.unpacked().home().resolve(entry.substring(HOME.length())).toString());
    command.addAll(List.of(arguments));
    return command;
  }

  /** The variables that the image sets. */
  public Map<String, String> variables() throws IOException {
    return Map.of("JAVA_HOME", directory.toString(), "JAVA_OPTS", Dockerfile.javaOptions());
  }
}
