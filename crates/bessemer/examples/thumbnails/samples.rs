//! Pictures to practise with: a sun over hills, in several sizes, and one file that is no picture at all.

use std::fs;
use std::path::Path;

use image::{Rgb, RgbImage};

const SIZES: [(u32, u32); 4] = [(1200, 800), (800, 1200), (640, 640), (1600, 400)];
const EACH: u32 = 4;

/// Draws them into a new folder.
pub(crate) fn draw(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    for (n, (width, height)) in (0..EACH).flat_map(|n| SIZES.map(|size| (n, size))) {
        let extension = if n % 2 == 0 { "png" } else { "jpg" };
        hills(width, height, n).save(folder.join(format!("hills-{width}x{height}-{n}.{extension}")))?;
    }
    Ok(fs::write(folder.join("torn.jpg"), b"this was a picture once")?)
}

/// A sky that fades, a sun that climbs with `n`, and two waves of green.
fn hills(width: u32, height: u32, n: u32) -> RgbImage {
    let (w, h) = (width as f32, height as f32);
    let sun = (w * (0.2 + 0.2 * n as f32), h * (0.5 - 0.1 * n as f32), w.min(h) * 0.08);
    let ridges: Vec<[f32; 2]> = (0..width)
        .map(|x| {
            let x = x as f32 / w * 9.0;
            [h * (0.60 + 0.06 * (x + n as f32).sin()), h * (0.75 + 0.05 * (1.7 * x).cos())]
        })
        .collect();
    RgbImage::from_fn(width, height, |x, y| {
        let [far, near] = ridges[x as usize];
        let (px, py) = (x as f32, y as f32);
        if py > near {
            Rgb([38, 92, 45])
        } else if py > far {
            Rgb([86, 140, 84])
        } else if (px - sun.0).hypot(py - sun.1) < sun.2 {
            Rgb([255, 221, 120])
        } else {
            let fade = py / h;
            Rgb([(90.0 + 150.0 * fade) as u8, (150.0 + 70.0 * fade) as u8, 235])
        }
    })
}
