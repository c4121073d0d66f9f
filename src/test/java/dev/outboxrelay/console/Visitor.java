// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Says to a console what the test wants, header by header, as no library would. */
final class Visitor {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern COOKIE = Pattern.compile("(?mi)^set-cookie: ([^;\r\n]*)");

  private final int port;
  private final Map<String, String> headers = new LinkedHashMap<>();

  Visitor(int port) {
    this.port = port;
    headers.put("Host", "127.0.0.1:" + port);
    headers.put("Origin", "http://127.0.0.1:" + port);
    headers.put("Content-Type", "application/json");
  }

  /** An answer. */
  record Answer(int status, String head, String body) {
    JsonNode json() throws IOException {
      return JSON.readTree(body);
    }

    String header(String name) {
      Matcher line = Pattern.compile("(?mi)^" + name + ": ([^\r\n]*)").matcher(head);
      return line.find() ? line.group(1) : "";
    }

    @Override
    public String toString() {
      return head + body;
    }
  }

  /** The same with another header; null takes it away. */
  Visitor with(String name, String value) {
    Visitor other = new Visitor(port);
    other.headers.clear();
    other.headers.putAll(headers);
    if (value == null) {
      other.headers.remove(name);
    } else {
      other.headers.put(name, value);
    }
    return other;
  }

  /** The same, logged in. */
  Visitor in(String token) throws IOException {
    Answer answer = login(token);
    Matcher cookie = COOKIE.matcher(answer.head());
    if (!cookie.find()) {
      throw new IOException("no cookie: " + answer);
    }
    return with("Cookie", cookie.group(1));
  }

  Answer login(String token) throws IOException {
    return post("/api/login", JSON.writeValueAsString(Map.of("token", token)));
  }

  Answer get(String path) throws IOException {
    return ask("GET", path, null);
  }

  Answer post(String path, String body) throws IOException {
    return ask("POST", path, body);
  }

  Answer ask(String method, String path, String body) throws IOException {
    try (Socket socket = send(method, path, body)) {
      String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int end = all.indexOf("\r\n\r\n");
      return new Answer(
          Integer.parseInt(all.substring(9, 12)), all.substring(0, end), all.substring(end + 4));
    }
  }

  /** Asks, and leaves the answer to be read. */
  Socket send(String method, String path, String body) throws IOException {
    StringBuilder request = new StringBuilder(method + " " + path + " HTTP/1.1\r\n");
    headers.forEach(
        (name, value) -> request.append(name).append(": ").append(value).append("\r\n"));
    request.append("Connection: close\r\n");
    byte[] bytes = body == null ? new byte[0] : body.getBytes(StandardCharsets.UTF_8);
    if (body != null) {
      request.append("Content-Length: ").append(bytes.length).append("\r\n");
    }
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(30_000);
    socket.getOutputStream().write((request + "\r\n").getBytes(StandardCharsets.UTF_8));
    socket.getOutputStream().write(bytes);
    return socket;
  }
}
