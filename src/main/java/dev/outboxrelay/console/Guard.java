// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import dev.outboxrelay.http.HttpRequest;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides whether a request is a person's, made in a page of ours. Safe for threads.
 *
 * <p>A browser can be made to send requests by any page that its owner looks at. So each request
 * must name a host that is ours (a name that an attacker has pointed here is not), each one that
 * changes something must come from a page of ours by the word of the browser, and no GET changes
 * anything.
 */
final class Guard {
  private static final Logger LOG = LoggerFactory.getLogger(Guard.class);
  private static final int MAX_SECRET = 1000;

  private final ConsoleAddress address;
  private final TokenFile file;
  private final Tickets tickets;
  private final Attempts attempts;
  private final String cookie;

  /**
   * @param cookie its name: two consoles of one machine must not have the same
   */
  Guard(ConsoleAddress address, TokenFile file, Tickets tickets, Attempts attempts, String cookie) {
    this.address = address;
    this.file = file;
    this.tickets = tickets;
    this.attempts = attempts;
    this.cookie = cookie;
  }

  /** The request must be meant for us. */
  void mustBeForUs(HttpRequest request) {
    String host = request.header("host");
    if (host == null || !address.hosts().contains(host.toLowerCase(Locale.ROOT))) {
      throw new Problem(
          421,
          "this console is not called '" + host + "'",
          "use one of "
              + String.join(", ", address.hosts())
              + ", or say by --console-url how browsers reach it");
    }
  }

  /** The request must be made by a page of ours. */
  void mustBeOurPage(HttpRequest request) {
    String origin = request.header("origin");
    boolean ours =
        origin == null
            ? request.isRead() && !request.has("origin")
            : address.origins().contains(origin.toLowerCase(Locale.ROOT));
    String site = request.header("sec-fetch-site");
    boolean foreign = site != null && !site.equals("same-origin") && !site.equals("none");
    if (!ours || foreign) {
      throw new Problem(
          403,
          "the request comes from another page ('" + origin + "')",
          "use the console's own page, at one of " + String.join(", ", address.origins()));
    }
    if (!request.isRead() && !isJson(request.header("content-type"))) {
      throw new Problem(415, "the body is not application/json", "use the console's own page");
    }
  }

  private static boolean isJson(@Nullable String type) {
    return type != null
        && type.toLowerCase(Locale.ROOT).matches("application/json(; ?charset=utf-8)?");
  }

  /** Who it is. */
  Person person(HttpRequest request) {
    return ticket(request)
        .flatMap(ticket -> owner(ticket, request.client()))
        .orElseThrow(
            () -> new Problem(401, "you are not logged in, or no more", "log in with your token"));
  }

  private Optional<Person> owner(String ticket, String client) {
    return tickets.owner(ticket, file.tokens()).map(token -> new Person(token, ticket, client));
  }

  /** Whether the person would be let in now. */
  boolean isStillIn(Person person) {
    return owner(person.ticket(), person.client()).isPresent();
  }

  /** Whether the person's token stands in the file as it did, logged in or not. */
  boolean isStillKnown(Person person) {
    return file.tokens().byName(person.name()).filter(person.token()::isSame).isPresent();
  }

  private Optional<String> ticket(HttpRequest request) {
    String header = request.header("cookie");
    if (header == null) {
      return Optional.empty();
    }
    for (String each : header.split(";")) {
      String one = each.strip();
      if (one.startsWith(cookie + "=")) {
        return Optional.of(one.substring(cookie.length() + 1));
      }
    }
    return Optional.empty();
  }

  /** Lets a person in. */
  Person login(String secret, String client) {
    Optional<Token> token =
        secret.length() > MAX_SECRET ? Optional.empty() : file.tokens().bySecret(secret);
    if (token.isEmpty()) {
      if (attempts.wrong(client)) {
        throw new Problem(
            429,
            "this token is not known, and too many wrong ones were tried",
            "use a token that stands in the relay's file of tokens");
      }
      LOG.warn("console: a wrong token was tried from {}", client);
      throw new Problem(
          403, "this token is not known", "use a token that stands in the relay's file of tokens");
    }
    Token known = token.get();
    Person person = new Person(known, tickets.issue(known), client);
    LOG.info("console: {} has logged in", person);
    return person;
  }

  void logout(Person person) {
    tickets.giveBack(person.ticket());
    LOG.info("console: {} has logged out", person);
  }

  /** The header that gives the browser the ticket. */
  String cookie(Person person) {
    return cookie(person.ticket(), Tickets.LIFE.toSeconds());
  }

  /** The header that takes it away. */
  String noCookie() {
    return cookie("", 0);
  }

  private String cookie(String value, long seconds) {
    return cookie
        + "="
        + value
        + "; Path=/; Max-Age="
        + seconds
        + "; HttpOnly; SameSite=Strict"
        + (address.secure() ? "; Secure" : "");
  }
}
