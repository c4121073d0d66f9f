// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.http;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A web server that does what the test says: a thread a connection, a request after the other. */
public final class WebServer implements AutoCloseable {

  /** A request as it came. */
  public record Request(int connection, String line, Map<String, String> headers, byte[] body) {
    String header(String name) {
      return headers.getOrDefault(name, "");
    }

    public String text() {
      return new String(body, StandardCharsets.UTF_8);
    }
  }

  /** Answers a request: with bytes, or null to close the connection without a word. */
  public interface Script {
    byte @Nullable [] answer(Request request) throws Exception;
  }

  private final ServerSocket server;
  private final Script script;
  private final boolean keeping;
  private final List<Request> requests = Collections.synchronizedList(new ArrayList<>());
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final AtomicInteger accepted = new AtomicInteger();
  private final AtomicInteger mostOpen = new AtomicInteger();
  private final AtomicInteger busy = new AtomicInteger();
  private final AtomicInteger mostBusy = new AtomicInteger();

  WebServer(Script script) throws IOException {
    this(new ServerSocket(0, 200, InetAddress.getLoopbackAddress()), script);
  }

  WebServer(ServerSocket server, Script script) {
    this(server, script, true);
  }

  private WebServer(ServerSocket server, Script script, boolean keeping) {
    this.server = server;
    this.script = script;
    this.keeping = keeping;
    daemon(this::accept);
  }

  /** One that keeps no request. */
  public static WebServer forgetful(ServerSocket server, Script script) {
    return new WebServer(server, script, false);
  }

  public static byte[] status(int status, String... headers) {
    return answer(status, "", headers);
  }

  static byte[] answer(int status, String body, String... headers) {
    StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " Said\r\n");
    for (String header : headers) {
      head.append(header).append("\r\n");
    }
    if (status != 204) {
      head.append("Content-Length: ").append(body.getBytes(StandardCharsets.UTF_8).length);
      head.append("\r\n");
    }
    return (head + "\r\n" + body).getBytes(StandardCharsets.UTF_8);
  }

  int port() {
    return server.getLocalPort();
  }

  public String uri() {
    return "http://127.0.0.1:" + port() + "/hook";
  }

  List<Request> requests() {
    synchronized (requests) {
      return List.copyOf(requests);
    }
  }

  int accepted() {
    return accepted.get();
  }

  /** The most connections that were open at a time. */
  int mostOpen() {
    return mostOpen.get();
  }

  /** The most requests that were under way at a time. */
  int mostBusy() {
    return mostBusy.get();
  }

  /** Closes what is open, and goes on. */
  void cut() throws IOException {
    for (Socket socket : open) {
      socket.close();
    }
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        int number = accepted.incrementAndGet();
        open.add(socket);
        mostOpen.accumulateAndGet(open.size(), Math::max);
        daemon(() -> serve(socket, number));
      } catch (IOException e) {
        if (server.isClosed()) {
          return;
        }
      }
    }
  }

  private void serve(Socket socket, int number) {
    try (socket) {
      InputStream in = new BufferedInputStream(socket.getInputStream());
      OutputStream out = socket.getOutputStream();
      for (Request request = read(in, number); request != null; request = read(in, number)) {
        if (keeping) {
          requests.add(request);
        }
        mostBusy.accumulateAndGet(busy.incrementAndGet(), Math::max);
        byte[] answer;
        try {
          answer = script.answer(request);
        } finally {
          busy.decrementAndGet();
        }
        if (answer == null) {
          return;
        }
        out.write(answer);
        out.flush();
        String head = new String(answer, 0, Math.min(answer.length, 400), StandardCharsets.UTF_8);
        if (head.toLowerCase(Locale.ROOT).contains("connection: close")) {
          return;
        }
      }
    } catch (Exception e) {
      return;
    } finally {
      open.remove(socket);
    }
  }

  private static @Nullable Request read(InputStream in, int number) throws IOException {
    String line = line(in);
    if (line == null) {
      return null;
    }
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (String header = line(in); header != null && !header.isEmpty(); header = line(in)) {
      int colon = header.indexOf(':');
      headers.put(header.substring(0, colon), header.substring(colon + 1).strip());
    }
    int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
    return new Request(number, line, headers, in.readNBytes(length));
  }

  private static @Nullable String line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int c = in.read(); c >= 0; c = in.read()) {
      if (c == '\n') {
        return line.toString(StandardCharsets.ISO_8859_1).replace("\r", "");
      }
      line.write(c);
    }
    return null;
  }

  private static void daemon(Runnable work) {
    Thread thread = new Thread(work, "web-server");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    server.close();
    cut();
  }
}
