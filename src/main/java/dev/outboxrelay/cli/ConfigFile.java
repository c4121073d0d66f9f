// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * The configuration file: flags by their names, {@code sweep = 30s}, in the format of {@link
 * Properties}, in UTF-8. It stands below variables and flags. What is no setting is refused: a slip
 * of the pen would leave one at its default without a word.
 */
final class ConfigFile {
  static final String FLAG = "--config";
  static final String VARIABLE = Environment.PREFIX + "CONFIG";

  private ConfigFile() {}

  /**
   * The file that is named, if one is.
   *
   * @throws UserError when it cannot be read, or holds what is no setting
   */
  static @Nullable FileSettings of(String[] args, Map<String, String> variables, Misspelt names) {
    String named = named(args, variables);
    return named == null || named.isEmpty() ? null : read(Path.of(named), names);
  }

  private static @Nullable String named(String[] args, Map<String, String> variables) {
    for (int i = 0; i < args.length; i++) {
      if (args[i].startsWith(FLAG + "=")) {
        return args[i].substring(FLAG.length() + 1);
      }
      if (args[i].equals(FLAG) && i + 1 < args.length) {
        return args[i + 1];
      }
    }
    return variables.get(VARIABLE);
  }

  /**
   * What a file says.
   *
   * @throws UserError as {@link #of}
   */
  static FileSettings read(Path path, Misspelt names) {
    Once once = new Once();
    try (Reader reader = Files.newBufferedReader(path)) {
      once.load(reader);
    } catch (NoSuchFileException e) {
      throw problem(path, "there is no such file");
    } catch (CharacterCodingException e) {
      throw problem(path, "it is not UTF-8");
    } catch (IllegalArgumentException e) {
      throw problem(path, "it holds a \\u that is no letter");
    } catch (IOException e) {
      throw problem(path, "it cannot be read: " + e.getClass().getSimpleName());
    }
    if (!once.twice.isEmpty()) {
      throw problem(path, "'" + once.twice.get(0) + "' is given twice: give it once");
    }
    Map<String, String> values = new HashMap<>();
    for (String key : once.stringPropertyNames()) {
      String variable = Environment.PREFIX + key.replace('-', '_').toUpperCase(Locale.ROOT);
      if (variable.equals(VARIABLE) || key.indexOf('_') >= 0 || !names.isKnown(variable)) {
        throw problem(
            path,
            "'" + key + "' is no setting; did you mean '" + key(names.nearest(variable)) + "'?");
      }
      values.put(variable, once.getProperty(key));
    }
    return new FileSettings(path, values);
  }

  /** A setting's name in the file. */
  static String key(String variable) {
    return variable
        .substring(Environment.PREFIX.length())
        .replace('_', '-')
        .toLowerCase(Locale.ROOT);
  }

  private static UserError problem(Path path, String what) {
    return new UserError(ExitCode.USAGE, "configuration file " + path + ": " + what);
  }

  /** Notes keys that come twice, of which Properties would take the last. */
  private static final class Once extends Properties {
    private static final long serialVersionUID = 1;
    private final ArrayList<String> twice = new ArrayList<>();

    @Override
    public synchronized @Nullable Object put(Object key, Object value) {
      if (containsKey(key)) {
        twice.add(key.toString());
      }
      return super.put(key, value);
    }

    @Override
    public synchronized boolean equals(@Nullable Object other) {
      return this == other;
    }

    @Override
    public synchronized int hashCode() {
      return System.identityHashCode(this);
    }
  }
}
