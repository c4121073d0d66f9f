// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the Dockerfile says, read from the Dockerfile. */
public final class Dockerfile {
  private static final Path FILE = Path.of("Dockerfile");
  private static final Pattern MODULES = Pattern.compile("jlink\\b.*?--add-modules\\s+([\\w.,]+)");
  private static final Pattern OPTIONS = Pattern.compile("ENV JAVA_OPTS=\"([^\"]*)\"");
  private static final Pattern ENTRY = Pattern.compile("ENTRYPOINT \\[\"([^\"]*)\"\\]");

  private Dockerfile() {}

  /** The modules that the image's Java runtime is linked of. */
  public static List<String> modules() throws IOException {
    return List.of(only(MODULES).split(","));
  }

  /** The options that the image hands to Java. */
  public static String javaOptions() throws IOException {
    return only(OPTIONS);
  }

  /** What the image starts, as a path in it. */
  public static String entry() throws IOException {
    return only(ENTRY);
  }

  private static String only(Pattern pattern) throws IOException {
    String text = Files.readString(FILE).replaceAll("\\\\\\R\\s*", "");
    Matcher matcher = pattern.matcher(text);
    if (!matcher.find()) {
      throw new AssertionError(FILE + " does not hold " + pattern);
    }
    String found = matcher.group(1);
    if (matcher.find()) {
      throw new AssertionError(FILE + " holds twice " + pattern);
    }
    return found;
  }
}
