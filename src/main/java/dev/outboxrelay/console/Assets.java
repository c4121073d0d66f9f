// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import dev.outboxrelay.http.HttpReply;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The files that the page is made of, as they stand in the jar. They hold no secret. */
final class Assets {
  private static final String HTML = "text/html; charset=utf-8";
  private static final String SCRIPT = "text/javascript; charset=utf-8";

  private static final Map<String, String> TYPES =
      Map.of("html", HTML, "css", "text/css; charset=utf-8", "js", SCRIPT, "svg", "image/svg+xml");

  private static final List<String> NAMES =
      List.of(
          "index.html",
          "console.css",
          "icon.svg",
          "app.js",
          "ask.js",
          "dom.js",
          "words.js",
          "live.js",
          "plot.js",
          "destinations.js",
          "failed.js",
          "work.js",
          "captures.js",
          "replays.js",
          "doctor.js",
          "explain.js",
          "deeds.js");

  private final Map<String, HttpReply> byPath = new LinkedHashMap<>();

  private Assets() {}

  static Assets load() {
    Assets assets = new Assets();
    for (String name : NAMES) {
      String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
      assets.byPath.put("/" + name, new HttpReply(200, String.valueOf(type), read(name)));
    }
    assets.byPath.put("/", assets.byPath.get("/index.html"));
    return assets;
  }

  private static byte[] read(String name) {
    try (InputStream in = Assets.class.getResourceAsStream("/console/" + name)) {
      if (in == null) {
        throw new IllegalStateException("the jar lacks console/" + name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Nullable HttpReply find(String path) {
    return byPath.get(path);
  }
}
