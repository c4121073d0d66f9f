// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.io.PrintWriter;
import java.util.Comparator;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Prints the settings of a command as they are in force, in the format of a configuration file,
 * with where each comes from. Passwords are not printed: neither theirs nor those within a URL.
 */
final class ConfigPrinter {
  private static final String HIDDEN = "(hidden)";

  private ConfigPrinter() {}

  static void print(CommandLine command, Environment environment) {
    PrintWriter out = command.getOut();
    List<OptionSpec> options =
        command.getCommandSpec().options().stream()
            .filter(Environment::hasVariable)
            .sorted(Comparator.comparing(OptionSpec::longestName))
            .toList();
    for (OptionSpec option : options) {
      String variable = Environment.variable(option);
      boolean byFlag = command.getParseResult().hasMatchedOption(option);
      String set =
          byFlag
              ? String.join(" ", option.originalStringValues())
              : environment.defaultValue(option);
      String value = set == null ? option.defaultValue() : set;
      String origin = byFlag ? "flag" : set == null ? "default" : environment.origin(variable);
      String key = ConfigFile.key(variable);
      out.println(
          value == null
              ? "# " + key + " ="
              : key + " = " + Harmless.value(key, value) + "  # " + origin);
    }
    out.flush();
  }

  /** What may be shown of a value. */
  private static final class Harmless {
    static String value(String key, String value) {
      if (key.endsWith("password")) {
        return HIDDEN;
      }
      return value
          .replaceAll("(?i)([?&][a-z]*(?:password|user)=)[^&]*", "$1" + HIDDEN)
          .replaceAll("//[^/@]*@", "//" + HIDDEN + "@");
    }
  }
}
