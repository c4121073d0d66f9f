// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Who may come in.
 *
 * @param all at most {@link #MOST}
 * @param names the same by their names
 */
record Tokens(List<Token> all, Map<String, Token> names) {
  /** Each login looks at all of them. */
  static final int MOST = 1000;

  /** Shorter ones can be guessed. */
  static final int MIN_SECRET = 24;

  private static final String NAME = "[A-Za-z0-9_.@-]{1,63}";
  private static final String FORM = "a line is NAME ROLE TOKEN, for example: anna operator ";

  Tokens(List<Token> all) {
    this(
        List.copyOf(all),
        all.stream().collect(Collectors.toUnmodifiableMap(Token::name, token -> token)));
  }

  /**
   * Reads the lines of a file: {@code NAME ROLE TOKEN}; empty ones and those after {@code #} count
   * for nothing.
   *
   * @throws IllegalArgumentException with what is wrong, and no secret
   */
  static Tokens parse(List<String> lines) {
    List<Token> tokens = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (int n = 0; n < lines.size(); n++) {
      String line = lines.get(n).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      Token token = token(n + 1, line.split("\\s+"));
      if (!names.add(token.name())) {
        throw wrong(n + 1, "the name " + token.name() + " is given twice: give each person one");
      }
      if (tokens.stream().anyMatch(other -> other.is(token.hash()))) {
        throw wrong(n + 1, "the token of " + token.name() + " is another's too: make a new one");
      }
      tokens.add(token);
    }
    if (tokens.isEmpty()) {
      throw new IllegalArgumentException("no token stands in it; " + FORM + "…");
    }
    if (tokens.size() > MOST) {
      throw new IllegalArgumentException(tokens.size() + " tokens stand in it, at most " + MOST);
    }
    return new Tokens(tokens);
  }

  private static Token token(int line, String[] words) {
    if (words.length != 3) {
      throw wrong(line, words.length + " words, need 3; " + FORM + "…");
    }
    if (!words[0].matches(NAME)) {
      throw wrong(line, "the name needs letters, digits, _ . @ or -, at most 63");
    }
    Role role =
        Role.of(words[1]).orElseThrow(() -> wrong(line, "the role must be read-only or operator"));
    if (words[2].length() < MIN_SECRET) {
      throw wrong(
          line,
          "the token of "
              + words[0]
              + " has "
              + words[2].length()
              + " characters, need "
              + MIN_SECRET
              + ": openssl rand -hex 32 makes one");
    }
    return Token.of(words[0], role, words[2]);
  }

  private static IllegalArgumentException wrong(int line, String words) {
    return new IllegalArgumentException("line " + line + ": " + words);
  }

  /** Whose secret it is. All are compared, whichever it is. */
  Optional<Token> bySecret(String secret) {
    byte[] hash = Token.hash(secret);
    Token found = null;
    for (Token token : all) {
      if (token.is(hash)) {
        found = token;
      }
    }
    return Optional.ofNullable(found);
  }

  Optional<Token> byName(String name) {
    return Optional.ofNullable(names.get(name));
  }
}
