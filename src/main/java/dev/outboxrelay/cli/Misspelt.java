// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import picocli.CommandLine;

/**
 * Variables that begin as this program's do and are none: mostly a slip of the pen, which would
 * leave a setting at its default without a word. A variable of another command is no slip, since an
 * environment serves several.
 */
final class Misspelt {
  /** What Kubernetes sets by itself for a Service whose name begins so. */
  private static final Pattern SERVICE_LINK =
      Pattern.compile(".*_SERVICE_HOST|.*_SERVICE_PORT(_.*)?|.*_PORT_\\d+_(TCP|UDP|SCTP)(_.*)?");

  private static final Pattern SERVICE_ADDRESS = Pattern.compile("(tcp|udp|sctp)://.*");

  private final SortedSet<String> known;

  Misspelt(Collection<CommandLine> commands) {
    known = new TreeSet<>();
    for (CommandLine command : commands) {
      add(command);
    }
  }

  private void add(CommandLine command) {
    command.getCommandSpec().options().stream()
        .filter(Environment::hasVariable)
        .forEach(option -> known.add(Environment.variable(option)));
    command.getSubcommands().values().forEach(this::add);
  }

  /** A line for each, without its value, which may be a secret. */
  List<String> warnings(Map<String, String> variables) {
    return variables.keySet().stream()
        .filter(name -> name.toUpperCase(Locale.ROOT).startsWith(Environment.PREFIX))
        .filter(name -> !known.contains(name) && !isServiceLink(name, variables.get(name)))
        .sorted()
        .map(name -> name + " is no setting and is ignored; did you mean " + nearest(name) + "?")
        .toList();
  }

  private static boolean isServiceLink(String name, String value) {
    return SERVICE_LINK.matcher(name).matches()
        || name.endsWith("_PORT") && SERVICE_ADDRESS.matcher(value).matches();
  }

  boolean isKnown(String name) {
    return known.contains(name);
  }

  /** The one of the known that looks most like it. */
  String nearest(String name) {
    int begin = Environment.PREFIX.length();
    List<String> names = known.stream().map(each -> each.substring(begin)).toList();
    return Environment.PREFIX + Nearest.of(name.toUpperCase(Locale.ROOT).substring(begin), names);
  }
}
