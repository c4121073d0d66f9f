// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.lang.reflect.Field;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Gives every flag its environment variable: {@code --database-url} is {@code
 * OUTBOX_RELAY_DATABASE_URL}. A flag wins over its variable, which wins over the configuration
 * file; a variable that is set but empty counts as not set, since compose files and unit files
 * cannot leave one out. Only what bounds the relay is not silently let go by a variable that lost
 * its value.
 */
final class Environment implements IDefaultValueProvider {
  static final String PREFIX = "OUTBOX_RELAY_";
  private static final Set<String> NOT_EMPTY = Set.of(RelayOptions.ALLOW_DESTINATIONS);

  private final Map<String, String> variables;
  private volatile @Nullable FileSettings file;

  Environment(Map<String, String> variables) {
    this(variables, null);
  }

  Environment(Map<String, String> variables, @Nullable FileSettings file) {
    this.variables = variables;
    this.file = file;
  }

  /** The configuration file as it was read last, null when there is none. */
  @Nullable FileSettings file() {
    return file;
  }

  /** What the file says from now on. */
  void read(FileSettings again) {
    file = again;
  }

  /** Where a setting comes from, for people. */
  String origin(String variable) {
    FileSettings of = file;
    return isSet(variable) || of == null ? variable : of.path().toString();
  }

  private boolean isSet(String variable) {
    String value = variables.get(variable);
    return value != null && !value.isEmpty();
  }

  private @Nullable String inFile(String variable) {
    FileSettings of = file;
    return of == null ? null : of.values().get(variable);
  }

  @Override
  public @Nullable String defaultValue(ArgSpec argument) {
    if (!(argument instanceof OptionSpec option) || !hasVariable(option)) {
      return null;
    }
    String variable = variable(option);
    if (!NOT_EMPTY.contains(option.longestName())) {
      return value(variable);
    }
    String value = variables.get(variable);
    return value == null ? inFile(variable) : value;
  }

  /** The environment of a command that is run. */
  static Environment of(CommandSpec command) {
    return (Environment) command.defaultValueProvider();
  }

  /** The variable's value, or the file's; null when neither is set, or it is empty. */
  @Nullable String value(String variable) {
    String value = isSet(variable) ? variables.get(variable) : inFile(variable);
    return value == null || value.isEmpty() ? null : value;
  }

  static boolean hasVariable(OptionSpec option) {
    return !option.usageHelp()
        && !option.versionHelp()
        && !(option.userObject() instanceof Field field
            && field.getDeclaringClass().isAnnotationPresent(WithoutVariables.class));
  }

  static String variable(OptionSpec option) {
    String name = option.longestName().replaceFirst("^-+", "");
    return PREFIX + name.replace('-', '_').toUpperCase(Locale.ROOT);
  }
}
