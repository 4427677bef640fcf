"""Writes src/imaging/formats/dicom/dictionary.json: VR and name of the attributes that image objects carry, of PS3.6,
as pydicom lists them (pip install pydicom==3.0.2). Usage: python dictionary.py"""

import json
from pathlib import Path

from pydicom._dicom_dict import DicomDictionary

GROUPS = {0x0002, 0x0008, 0x0010, 0x0012, 0x0018, 0x0020, 0x0028, 0x0032, 0x0040, 0x0054, 0x2050, 0x5200, 0x7FE0}
rows = {
    f"{tag:08x}": f"{vr[:2]} {name}"
    for tag, (vr, _vm, name, _retired, _keyword) in sorted(DicomDictionary.items())
    if tag >> 16 in GROUPS and name
}
out = Path(__file__).parents[3] / "src/imaging/formats/dicom/dictionary.json"
out.write_text(json.dumps(rows, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")
print(len(rows), out.stat().st_size)
